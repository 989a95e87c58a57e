"""Removal of invisible characters, from all text that SentencePiece encodes.

A soft hyphen or a zero-width character inside a word would make it another word. Removed are
control characters, non-characters, and what Unicode calls default ignorable: soft hyphens,
zero-width and bidirectional marks, variation selectors, tags. Kept is what carries meaning:

- joiners and variation selectors after a letter of Arabic, Mongolian, an Indic or another such
  script, and zero-width spaces between letters of scripts without spaces (Thai, Khmer, Lao, …);
- joiners, variation selectors and tags of emoji, and fillers of Hangul letters.

Tabs, separators of lines and of fields, and NUL become a space, a lone surrogate U+FFFD. Sequences
of letters and marks are composed (NFC), so that canonically equal text is equal. Ligatures,
full-width forms and other compatible characters are left to the tokenizer's normalization.
"""

import re
from collections.abc import Sequence
from unicodedata import is_normalized, normalize

_SPACES = "\x00\t-\r\x1c-\x1f\x85\u2028\u2029"
_SURROGATES = "\ud800-\udfff"
_REMOVED = (
    "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U0001d159"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINING = (  # Arabic to Tibetan, Myanmar, Khmer, Mongolian; presentation forms; Indic, Adlam
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1cff\ua840-\uaaff\uabc0-\uabff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
_WITHOUT_SPACES = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\uaa60-\uaadf"
_EMOJI = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_KEPT = "|".join(
    (
        f"(?<=[{_JOINING}])[\u200c\u200d]",
        "(?<=[\u1800-\u18aa])[\u180b-\u180f]|(?<=[\u1000-\u109f\uaa60-\uaa7f])\ufe00",
        f"(?<=[{_WITHOUT_SPACES}])\u200b(?=[{_WITHOUT_SPACES}])",
        f"(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])",
        f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)",
        "(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f",
        "\u115f(?=[\u1160-\u11a7])|(?<=[\u1100-\u115f])\u1160",
    )
)
_SUSPECT = f"[\x00\t\x0b-\r\x1c-\x1f\x85\u2028\u2029{_REMOVED}{_SURROGATES}]"  # but line feeds
_SUSPECTS = re.compile(_SUSPECT)
_CHANGED = re.compile(  # The lookahead only makes it fast.
    f"(?=\n|{_SUSPECT})(?:(?P<kept>{_KEPT})|(?P<space>[{_SPACES}])|(?P<half>[{_SURROGATES}])"
    f"|(?P<removed>[{_REMOVED}]))"
)
_REPLACEMENTS = {"space": " ", "half": "\ufffd", "removed": ""}


def clean(line: str) -> str:
    """Return a line as it reaches the tokenizer; one that needs no change is returned as it is."""
    if _may_change(line, 1):
        line = _CHANGED.sub(_replace, line)
    return line if is_normalized("NFC", line) else normalize("NFC", line)


def clean_lines(lines: Sequence[str]) -> list[str]:
    """Return `clean` of each line; fast where no line needs a change."""
    text = "\n".join(lines)
    if _may_change(text, len(lines)) or not is_normalized("NFC", text):
        return [clean(line) for line in lines]
    return list(lines)


def count_removed(lines: Sequence[str]) -> int:
    """Return how many characters `clean` removes from the lines."""
    text = "\n".join(lines)
    if not _may_change(text, len(lines)):
        return 0
    return sum(match.lastgroup == "removed" for match in _CHANGED.finditer(text))


def left_out(count: int) -> str:
    """Return the end of a line of a report on how many characters were removed."""
    return f", {count} invisible characters left out" if count else ""


def _may_change(text: str, lines: int) -> bool:
    """Return whether lines, joined by line feeds, hold a character that `clean` may change."""
    return bool(_SUSPECTS.search(text)) or text.count("\n") >= max(1, lines)


def _replace(match: re.Match[str]) -> str:
    return _REPLACEMENTS.get(str(match.lastgroup), match[0])
