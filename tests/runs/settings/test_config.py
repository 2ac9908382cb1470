"""A run's configuration as it stands."""

import pytest

from mentor_runs.settings.config import RunConfig


def test_defaults_are_valid():
    assert RunConfig().env == "calculator"


def test_a_configuration_cannot_be_changed_after_it_was_checked():
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().train.steps = 3
