"""A benchmark of memory: each line ends with a noun that only its beginning determines."""
