"""Strategies for bytes of any kind, and their number of lines."""

import re

from hypothesis import strategies as st

from helpers.saved_models import LINES

FRAGMENTS = [
    *[b"\n", b"\r\n", b"\r", b"\0", b"\t", b" ", b"\x0b", b"\x0c", b"\x1b[31m", b"\x1f\x8b\x08"],
    *[b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\xfe\xff"],
    *[text.encode() for text in ("\ufeff", "\u2028", "\u2029", "\x85", "\xa0", "\u200b", "\xad")],
    *[
        text.encode()
        for text in ("👩‍👩‍👧", "🇩🇪", "שלום", "\u202e", "漢字", "ﷺ", "ｱﾞ", "e\u0301\u0301")
    ],
    *[text.encode() for text in ("|||", "▁", "<s>", "</s>", "<unk>", "<0x0A>", "${x}", "\\n")],
    *[line.encode() for line in LINES[:4]],
    *[b"a" * 300, b". " * 99, "\u0301".encode() * 200, "漢".encode() * 200, "漢 ".encode() * 40],
]


BYTES = st.one_of(
    st.binary(max_size=120),
    st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=3), max_size=25).map(b"".join),
)


REJECTED = re.compile(", not UTF-8: convert|, not text: |is broken: ")
"""Matches the message on a file whose first bytes are those of another encoding or an archive."""


def count(data):
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
