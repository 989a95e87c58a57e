"""Learning-rate schedules: one implementation of the contract in `schedule` per module."""
