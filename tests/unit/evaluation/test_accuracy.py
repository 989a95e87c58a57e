import pytest

from nmt.evaluation.contrastive.accuracy import AccuracyCount, AccuracyTable, read, sort_groups
from nmt.runtime.errors import NmtError

COUNTS = [
    AccuracyCount("runs/a", "0", 4, 4, 0.5),
    AccuracyCount("runs/a", "10", 4, 1, 0.5),
    AccuracyCount("runs/b", "0", 4, 2, 0.5),
    AccuracyCount("runs/b", "10", 4, 2, 0.5),
]
TABLE = AccuracyTable("run", "nouns between", COUNTS)


def test_the_interval_is_that_of_wilson():
    # z² / n = 3.841459 / 4 = 0.960365; the centre is (0.5 + 0.480182) / 1.960365 = 0.5, half the
    # width 1.959964 √(0.25 / 4 + 0.960365 / 16) / 1.960365 = 1.959964 · 0.350033 / 1.960365.
    assert AccuracyCount("a", "0", 4, 2, 0.5).interval() == pytest.approx(
        (0.150039, 0.849961), abs=1e-5
    )
    # Without a right answer the upper bound is z² / (n + z²) = 3.841459 / 13.841459.
    assert AccuracyCount("a", "0", 10, 0, 0.5).interval() == pytest.approx((0, 0.277533), abs=1e-5)
    assert AccuracyCount("a", "0", 10, 10, 0.5).interval() == pytest.approx((0.722467, 1), abs=1e-5)


def test_a_table_has_a_row_for_each_group_and_one_for_all():
    assert TABLE.text() == (
        "nouns between  lines  runs/a  runs/b\n"
        "0                  4   1.000   0.500\n"
        "10                 4   0.250   0.500\n"
        "total              8   0.625   0.500\n"
    )


def test_a_table_is_read_as_it_was_written_without_further_columns(tmp_path):
    path = tmp_path / "new" / "a.csv"
    TABLE.write(path, ("weights",), [[10], [10], [20], [20]])
    assert path.read_text().splitlines()[:2] == [
        "run,nouns between,lines,right,accuracy,chance,weights",
        "runs/a,0,4,4,1,0.5,10",
    ]
    assert read(path) == TABLE


def test_groups_that_are_numbers_are_sorted_as_numbers_others_stay():
    assert sort_groups(["10", "9", "10", "0.5"]) == ["0.5", "9", "10"]
    assert sort_groups(["is", "10", "are", "is"]) == ["is", "10", "are"]
    assert sort_groups(["nan", "1"]) == ["nan", "1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a\.csv cannot be read: No such file"),
        ("", r"a\.csv is not a table of accuracies"),
        (
            "run,group\na,b\n",
            r"is not a table of accuracies \(KeyError\('lines'\)\); expected what",
        ),
        ("run,group,lines,right,accuracy,chance\na,b,1\n", r"is not a table of accuracies"),
        ("run,group,lines,right,accuracy,chance\na,b,3,4,1,0\n", r"4 right of 3 lines"),
        ("run,group,lines,right,accuracy,chance\na,b,0,0,1,0\n", r"0 right of 0 lines"),
        ("run,group,lines,right,accuracy,chance\n", r"has no line below its head"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NmtError, match=message):
        read(path)


@pytest.mark.parametrize("lines", [1, 7, 160, 200, 1000])
def test_intervals_contain_the_share_even_at_0_and_1(lines):
    for right in (0, lines):
        count = AccuracyCount("a", "0", lines, right, 0.5)
        low, high = count.interval()
        assert 0 <= low <= count.share <= high <= 1
