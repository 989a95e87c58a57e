import pytest

from nmt.inspection.config_values import MAX_BYTES, check, read
from nmt.runtime.errors import ModelError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &b [1]\nmodel: *b\n", "line 1 has an anchor or an alias"),
        ("model: !!python/object/apply:os.system ['touch x']\n", "line 1 has a tag"),
        ("model: !!int '3'\n", "line 1 has a tag"),
        ("model: {<<: {a: 1}}\n", "line 1 has a key that is no string"),
        ("1: 2\n", "line 1 has a key that is no string"),
        ("model: {a: 1, a: 2}\n", "line 1 repeats the key 'a'"),
        ("model: " + "[" * 5000, "line 1 is nested too deeply"),
        ("model: 2001-99-99\n", "month must be in 1..12"),
        ("a: " + "1" * 5000, "Exceeds the limit"),
        ("- 1\n", "expected keys with their values"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("a: '" + "x" * 40_000 + "'", "has 40005 bytes; expected at most 32768"),
    ],
)
def test_yaml_with_more_than_plain_values_is_refused(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ModelError) as caught:
        read(tmp_path / "config.yaml", MAX_BYTES)
    assert str(caught.value).startswith(f"{tmp_path / 'config.yaml'} ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"_args_": [1]}, "the key '_args_', which a saved model may not have"),
        ({"a": ["${oc.env:HOME}"]}, "the interpolation '${oc.env:HOME}', which a saved model may"),
        ({"a": "../../etc/passwd"}, "'model.a'='../../etc/passwd', which is no value of a saved"),
        ({"a": "/etc/passwd"}, "which is no value of a saved model"),
        ({"a": "a\\b"}, "which is no value of a saved model"),
        ({"a": "a\nb"}, r"'model.a'='a\nb', which is no value of a saved model"),
        ({"a": "???"}, "which is no value of a saved model"),
        ({"a": float("nan")}, "'model.a'=nan, which is no value"),
        ({"a": [1.0, float("inf")]}, "'model.a.1'=inf, which is no value"),
        ({"encoder": {"layers": -1}}, "'model.encoder.layers'=-1, which is no value"),
        ({"encoder": {"layers": True}}, "'model.encoder.layers'=True, which is no value"),
    ],
)
def test_a_value_that_no_part_of_a_model_accepts_is_refused(node, message):
    with pytest.raises(ModelError) as caught:
        check({"model": node}, (), "config.yaml")
    assert message in str(caught.value)
