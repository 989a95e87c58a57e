import hashlib

from nmt.runtime import checksums


def test_the_file_is_that_of_coreutils_and_names_what_was_altered(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    files = {name: [checksums.sha256_of(tmp_path / name)] for name in ("a", "b")}
    checksums.record(tmp_path, files)
    assert (tmp_path / checksums.NAME).read_text() == (
        f"{hashlib.sha256(b'one').hexdigest()}  a\n{hashlib.sha256(b'two').hexdigest()}  b\n"
    )
    assert checksums.stored(tmp_path) == files
    assert checksums.altered(tmp_path, files) == []
    (tmp_path / "a").write_bytes(b"onf")
    (tmp_path / "b").unlink()
    assert checksums.altered(tmp_path, files) == ["a", "b"]


def test_of_several_sums_each_is_right(tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    new, old = (hashlib.sha256(text).hexdigest() for text in (b"new", b"old"))
    checksums.record(tmp_path, {"a": [new, old]})
    assert checksums.altered(tmp_path, checksums.stored(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"old")
    assert checksums.altered(tmp_path, checksums.stored(tmp_path)) == []
    (tmp_path / "a").write_bytes(b"other")
    assert checksums.altered(tmp_path, checksums.stored(tmp_path)) == ["a"]


def test_a_broken_file_of_sums_holds_none(tmp_path):
    for text in ("no sum\n", f"{'0' * 64}  ../a\n", f"{'0' * 63}  a\n"):
        (tmp_path / checksums.NAME).write_text(text)
        assert checksums.stored(tmp_path) == {}
