"""Text without control characters, so that it is one line and safe to print."""

import re

CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SURROGATES = re.compile("[\ud800-\udfff]")


def cleaned(line: str) -> str:
    """Replace control characters and line separators by spaces, lone surrogates by U+FFFD."""
    return SURROGATES.sub("\ufffd", CONTROL_CHARACTERS.sub(" ", line)).strip()
