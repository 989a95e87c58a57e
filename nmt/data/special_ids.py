"""The four ids that every vocabulary of this program begins with."""

PADDING = 0
UNKNOWN = 1
BEGIN = 2
END = 3
SPECIAL = (PADDING, UNKNOWN, BEGIN, END)
