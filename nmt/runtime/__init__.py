"""What programs need whatever they compute: errors, files, locks, processes, signals, devices.

Nothing here knows of text or of networks. `errors` is the family that a command shows as one line;
`atomic_files`, `checksums`, `locks` and `staged_folder` keep what is on disk whole; `processes` and
`worker_pool` share work among processes; `signals` turns Ctrl-C and SIGTERM into exceptions.
"""
