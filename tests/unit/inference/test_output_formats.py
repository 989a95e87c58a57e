import json

import pytest

from nmt.config.command_line import configuration
from nmt.config.instantiate import instantiate
from nmt.inference.output_formats.jsonl import JSONLOutput
from nmt.inference.output_formats.moses import MosesOutput
from nmt.inference.output_formats.text import TextOutput
from nmt.inference.translation import Candidate, Translation

TRANSLATION = Translation(
    "Ein\u2028Ä",
    (Candidate("a ||| b", -0.5, -1.25, ("▁a", "|||", "b")), Candidate("", -2.0, -2.0, ())),
)


def test_output_formats_write_their_documented_lines():
    assert TextOutput()(7, TRANSLATION) == "a ||| b\n"
    assert MosesOutput()(7, TRANSLATION) == (
        "7 ||| a &#124;&#124;&#124; b ||| log_probability= -1.250000 pieces= 3 ||| -0.500000\n"
        "7 |||  ||| log_probability= -2.000000 pieces= 0 ||| -2.000000\n"
    )
    line = JSONLOutput()(7, TRANSLATION)
    assert line.splitlines(keepends=True) == [line]
    assert "Ä" in line
    assert json.loads(line) == {
        "source": "Ein\u2028Ä",
        "hypotheses": [
            {
                "text": "a ||| b",
                "score": -0.5,
                "log_probability": -1.25,
                "pieces": ["▁a", "|||", "b"],
            },
            {"text": "", "score": -2.0, "log_probability": -2.0, "pieces": []},
        ],
    }


def test_any_string_from_python_is_written_as_one_line_of_utf8():
    source = "\ud800 \x00\x85\u2028\u2029\x1e\x0b"
    line = JSONLOutput()(0, Translation(source, TRANSLATION.candidates))
    assert line.encode().decode().splitlines() == [line[:-1]]
    assert json.loads(line)["source"] == source


@pytest.mark.parametrize("name", ["text", "jsonl", "moses"])
def test_every_output_format_can_be_chosen(name):
    output_format = instantiate(
        configuration("translate", [f"output_format={name}"], ()).output_format
    )
    assert "b" in output_format(0, TRANSLATION)


@pytest.mark.parametrize("write", [MosesOutput(), JSONLOutput()], ids=["moses", "jsonl"])
def test_an_n_best_list_has_each_text_once(write):
    again = Candidate("a ||| b", -0.7, -1.5, ("▁a", "|||", "▁", "b"))
    first, last = TRANSLATION.candidates
    repeated = Translation(TRANSLATION.source, (first, again, last, again, last))
    assert write(7, repeated) == write(7, TRANSLATION)
