"""Data-parallel training in several processes.

`collectives` is what they exchange: sums, objects of the first process, summed gradients. It works
under torchrun, under `launcher`, which starts processes on this machine, and in a single process,
where every function returns its argument. `random_states` saves and restores the random generators
of all processes.
"""
