"""A run that began before a key was renamed is still read, and resumed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.config import RolloutConfig
from mentor_runs.settings.old_keys import RENAMED, with_new_keys

keys = st.sampled_from(sorted({old for _, old in RENAMED} | {*RENAMED.values(), "max_turns"}))
tables = st.dictionaries(keys, st.integers())


@given(st.dictionaries(st.sampled_from(["rollout", "train"]), tables | st.integers()))
def test_values_stay_and_new_keys_stay_new(settings):
    new = with_new_keys(settings)
    assert with_new_keys(new) == new
    for name, table in settings.items():
        if isinstance(table, dict):
            assert list(new[name].values()) == list(table.values())
        else:
            assert new[name] == table


def test_a_run_of_before_is_read(tmp_path):
    assert set(RENAMED.values()) <= set(RolloutConfig.model_fields)
    text = "[rollout]\nturn_tokens = 77\nepisode_tokens = 770\n"
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    rollout = RunDirectory(tmp_path).config.rollout
    assert (rollout.max_turn_tokens, rollout.max_episode_tokens) == (77, 770)
