"""Services of any program: errors, files, locks, processes, signals, devices, random generators.

Nothing here depends on text or networks. `errors` has the base of all errors that a command shows
as one line, and `checks` the range checks. `atomic_files`, `staged_folder`, `locks` and `checksums`
keep files complete and detect damage. `processes` and `worker_pool` share work among processes;
`signals` turns Ctrl-C and SIGTERM into exceptions. All modules and their public names may be used
by every other package; only `device`, `provenance` and `random_state` import torch.
"""
