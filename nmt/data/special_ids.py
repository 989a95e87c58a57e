"""The ids of the four special pieces with which every vocabulary begins."""

PADDING = 0
UNKNOWN = 1
BEGIN = 2
END = 3
SPECIAL = (PADDING, UNKNOWN, BEGIN, END)
