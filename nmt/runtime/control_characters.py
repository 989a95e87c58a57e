"""One line of text from what may hold anything."""

import re

NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SURROGATES = re.compile("[\ud800-\udfff]")


def cleaned(line: str) -> str:
    """Read control characters and line separators as spaces, and lone surrogates as U+FFFD."""
    return SURROGATES.sub("\ufffd", NO_TEXT.sub(" ", line)).strip()
