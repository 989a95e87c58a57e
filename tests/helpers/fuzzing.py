"""How many cases a property test tries: few by default, NMT_FUZZ=100 tries 100 times as many."""

import os

TIMES = int(os.environ.get("NMT_FUZZ", "1"))


def cases(few):
    return few * TIMES
