"""A study's file: what is written is what is read, and what is wrong is named."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.support.errors import ConfigError
from mentor_lab.study.file import read_study, shipped

from .conftest import TINY, changed

names = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)
values = st.one_of(st.integers(0, 99), st.booleans(), st.text(max_size=5))
tables = st.dictionaries(names, st.one_of(values, st.dictionaries(names, values, max_size=2)))


def read(values, **options):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "some.toml"
        file.write_text(tomli_w.dumps(values), encoding="utf-8")
        return read_study(str(file), **options)


@settings(max_examples=40)
@given(
    st.dictionaries(names, tables, min_size=1, max_size=3),
    st.dictionaries(names, tables, min_size=1, max_size=3),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4, unique=True),
    tables,
)
def test_what_is_written_is_read(environments, methods, seeds, common):
    study = read(
        {
            "study": {"seeds": seeds},
            "settings": common,
            "environments": environments,
            "methods": methods,
        }
    )
    assert study.environments == environments
    assert study.methods == methods
    assert study.seeds == tuple(seeds)
    assert study.settings == {"evaluate": {}} | common
    assert study.baseline == next(iter(methods))
    assert study.name == "some"


@settings(max_examples=40)
@given(st.dictionaries(names, tables, max_size=3), st.lists(st.integers(0, 9), min_size=1))
def test_the_short_form_changes_what_it_names_and_nothing_else(more, seeds):
    seeds = list(dict.fromkeys(seeds))
    values = {**TINY, "quick": {"study": {"seeds": seeds}, "methods": more}}
    whole, short = read(values), read(values, quick=True)
    assert (short.seeds, short.name) == (tuple(seeds), "some-quick")
    assert short.settings == whole.settings
    assert short.environments == whole.environments
    for name in {*whole.methods, *more}:
        if name not in more:
            assert short.methods[name] == whole.methods[name]
        else:
            assert short.methods[name].items() >= more[name].items()


@settings(max_examples=40)
@given(names, st.sampled_from(["", "study.", "quick."]))
def test_an_unknown_key_is_refused_by_its_name(key, table):
    known = {
        "": {"study", "settings", "evaluate", "environments", "methods", "quick"},
        "study.": {"description", "seeds", "baseline", "environments", "methods"},
        "quick.": {"study", "settings", "evaluate", "environments", "methods"},
    }
    if key in known[table]:
        return
    with pytest.raises(ConfigError, match=f"unknown key '.*{key}'"):
        read(changed((table + key, 1)), quick=table == "quick.")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("study.sedes", [0])], "unknown key 'study.sedes'; did you mean study.seeds"),
        ([("study.seeds", [])], "study.seeds"),
        ([("study.seeds", [0, 0])], "a seed is given twice"),
        ([("study.seeds", [-1])], "study.seeds.0: expected a number of at least 0"),
        ([("study.seeds", [True])], "study.seeds.0: expected a whole number"),
        ([("study.baseline", "bose")], "'bose' is no method of the study; did you mean base?"),
        ([("study.methods", ["spars"])], "'spars' is none; did you mean sparse?"),
        ([("methods.a/b", {})], "the name is a folder's"),
        ([("methods.Base", {})], "two methods differ only in upper and lower case"),
        ([("methods", None)], "methods: is missing"),
        ([("environments", {})], "environments"),
    ],
)
def test_what_is_wrong_is_named(changes, said):
    with pytest.raises(ConfigError) as refused:
        read(changed(*changes))
    assert said in str(refused.value)
    assert "some.toml" in str(refused.value)


def test_files_and_names_that_are_not_there(tmp_path, write):
    for which, said in (
        ("papr", "did you mean paper?"),
        (str(tmp_path / "no.toml"), "there is no such file"),
        (str(tmp_path), "neither a file nor a study"),
    ):
        with pytest.raises(ConfigError, match=said):
            read_study(which)
    with pytest.raises(ConfigError, match="no table \\[quick\\]"):
        read_study(str(write(("quick", None))), quick=True)
    broken = tmp_path / "broken.toml"
    broken.write_text("[study\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1"):
        read_study(str(broken))


def test_the_shipped_studies_have_at_least_five_seeds():
    assert {*shipped()} == {"ablations", "paper"}
    for name, description in shipped().items():
        assert description
        assert len(read_study(name).seeds) >= 5
        assert len(read_study(name, quick=True).seeds) < 5
