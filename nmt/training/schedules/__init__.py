"""Learning-rate schedules: one implementation of the contract in `schedule` per module.

A new one is one module here and one file in `conf/schedule/`.
"""
