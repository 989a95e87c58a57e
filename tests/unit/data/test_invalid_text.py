"""However a line that is not UTF-8 is handled, the others keep their numbers."""

import pytest

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.data.text import streams
from nmt.runtime.errors import CorpusError

COMMANDS = ["translate", "score", "rerank", "contrast", "gradients"]


def read(tmp_path, choice, data):
    path = tmp_path / "in.de"
    path.write_bytes(data)
    invalid_text = instantiate(
        configuration("translate", [f"invalid_text={choice}"], ()).invalid_text
    )
    return path, streams.read(str(path), ".de", invalid_text)


@pytest.mark.parametrize(
    ("broken", "replaced"),
    [
        (b"sch\xf6n", "sch\ufffdn"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"an overlong slash: \xc0\xaf", "an overlong slash: \ufffd\ufffd"),
        (b"a lone surrogate: \xed\xa0\x80", "a lone surrogate: \ufffd\ufffd\ufffd"),
        (b"beyond Unicode: \xf4\x90\x80\x80", "beyond Unicode: \ufffd\ufffd\ufffd\ufffd"),
        (b"cut off \xe2\x80", "cut off \ufffd"),
    ],
)
def test_a_broken_line_is_replaced_or_skipped_in_its_place_and_logged(
    tmp_path, caplog, broken, replaced
):
    data = b"eins\n" + broken + b"\r\ndrei"
    start = next(index for index, byte in enumerate(broken) if byte > 127)
    path, lines = read(tmp_path, "replace", data)
    assert list(lines) == ["eins", replaced, "drei"]
    message = f"{path}:2: byte 0x{broken[start]:02x} at {start + 1} is not UTF-8"
    assert caplog.messages == [f"{message}; invalid bytes read U+FFFD"]
    _, lines = read(tmp_path, "skip", data)
    assert list(lines) == ["eins", "", "drei"]
    assert caplog.messages[1:] == [f"{message}; the line reads as empty"]


def test_a_broken_line_stops_the_command_if_configured(tmp_path):
    path, lines = read(tmp_path, "stop", b"eins\nsch\xf6n\ndrei\n")
    assert next(lines) == "eins"
    with pytest.raises(CorpusError) as caught:
        next(lines)
    assert str(caught.value) == (
        f"{path}:2: byte 0xf6 at 4 is not UTF-8; save the text as UTF-8,"
        " or use invalid_text=replace or invalid_text=skip"
    )


@pytest.mark.parametrize("choice", ["replace", "skip", "stop"])
def test_valid_text_is_read_unchanged_with_every_choice(tmp_path, caplog, choice):
    data = "\ufeffeins\n\n\u2028zwei\x00\x85\ufeff 👩‍👩‍👧 שלום \ufffd\r\r\n\n".encode()
    _, lines = read(tmp_path, choice, data)
    assert list(lines) == ["eins", "", "\u2028zwei\x00\x85\ufeff 👩‍👩‍👧 שלום \ufffd\r", ""]
    assert caplog.messages == []


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_read_text_replace_unless_configured_otherwise(command):
    composed = configuration(command, [], ())
    assert composed.invalid_text._target_ == "nmt.data.text.invalid_text.replace.ReplaceInvalidText"
