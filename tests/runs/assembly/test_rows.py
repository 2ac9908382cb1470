"""The refusal of rows that an objective cannot use."""

import pytest

from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.rows import check_rows


def test_rows_that_an_objective_cannot_use_are_refused_with_both_names():
    check_rows("plan 'a'", {"sampled"}, "objective 'b'", {"sampled", "continued"})
    with pytest.raises(ConfigError, match=r"plan 'a' gives rows of kind 'taught'.*objective 'b'"):
        check_rows("plan 'a'", {"sampled", "taught"}, "objective 'b'", {"sampled"})
