import hashlib

from nmt import sums


def test_the_file_is_that_of_coreutils_and_names_what_was_altered(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    files = {name: [sums.of(tmp_path / name)] for name in ("a", "b")}
    sums.record(tmp_path, files)
    assert (tmp_path / sums.NAME).read_text() == (
        f"{hashlib.sha256(b'one').hexdigest()}  a\n{hashlib.sha256(b'two').hexdigest()}  b\n"
    )
    assert sums.stored(tmp_path) == files
    assert sums.altered(tmp_path, files) == []
    (tmp_path / "a").write_bytes(b"onf")
    (tmp_path / "b").unlink()
    assert sums.altered(tmp_path, files) == ["a", "b"]


def test_of_several_sums_each_is_right(tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    new, old = (hashlib.sha256(text).hexdigest() for text in (b"new", b"old"))
    sums.record(tmp_path, {"a": [new, old]})
    assert sums.altered(tmp_path, sums.stored(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"old")
    assert sums.altered(tmp_path, sums.stored(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"other")
    assert sums.altered(tmp_path, sums.stored(tmp_path)) == ["a"]


def test_a_broken_file_of_sums_holds_none(tmp_path):
    for text in ("no sum\n", f"{'0' * 64}  ../a\n", f"{'0' * 63}  a\n"):
        (tmp_path / sums.NAME).write_text(text)
        assert sums.stored(tmp_path) == {}
