"""How many cases a property is tried with: few by default, NMT_FUZZ=100 takes a hundred times."""

import os

TIMES = int(os.environ.get("NMT_FUZZ", "1"))


def cases(few):
    return few * TIMES
