"""Settings as people write them: on the command line, and in files."""

import codecs

import pytest

from mentor_core.support.errors import ConfigError
from mentor_runs.settings.tables import merge, parse_setting, read_toml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed=3", {"seed": 3}),
        ("train.steps=80", {"train": {"steps": 80}}),
        ("train.learning_rate=1e-5", {"train": {"learning_rate": 1e-5}}),
        ("env=calculator", {"env": "calculator"}),
        ('env="calculator"', {"env": "calculator"}),
        ("train.bf16=true", {"train": {"bf16": True}}),
        ('evaluate.splits=["ood"]', {"evaluate": {"splits": ["ood"]}}),
        ("train.lora={r = 8}", {"train": {"lora": {"r": 8}}}),
        ("model=a=b", {"model": "a=b"}),
        (" train . steps =1", {"train": {"steps": 1}}),
        ("gate=", {"gate": ""}),
    ],
)
def test_a_setting_is_toml_or_a_bare_string(text, expected):
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["train.steps", "=3", "train..steps=3", ".seed=1", "", " =1"])
def test_a_setting_without_key_or_value_is_refused(text):
    with pytest.raises(ConfigError, match=r"expected KEY=VALUE, such as train\.steps=80"):
        parse_setting(text)


def test_merge_goes_table_by_table_and_leaves_its_arguments():
    base = {"train": {"steps": 1, "bf16": True}, "seed": 1, "gate": {"a": 1}}
    assert merge(base, {"train": {"steps": 2}, "gate": "x", "env": "e"}) == {
        "train": {"steps": 2, "bf16": True},
        "seed": 1,
        "gate": "x",
        "env": "e",
    }
    assert base == {"train": {"steps": 1, "bf16": True}, "seed": 1, "gate": {"a": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seed = \n", r"my.toml: Invalid value \(at line 1"),
        (b"a = '\xff'", "my.toml: .*utf-8"),
        (None, "my.toml: No such file"),
    ],
)
def test_a_file_that_is_not_toml_is_named(tmp_path, content, message):
    if content is not None:
        (tmp_path / "my.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_toml(tmp_path / "my.toml")


def test_a_byte_order_mark_is_no_part_of_a_configuration(tmp_path):
    # Editors on Windows write it; the first key was "not TOML".
    path = tmp_path / "run.toml"
    path.write_bytes(codecs.BOM_UTF8 + b'env = "sql"\r\n')
    assert read_toml(path) == {"env": "sql"}
