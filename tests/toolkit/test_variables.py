"""A setting that names an environment variable has its value on use."""

import pytest

from mentor_core.support.errors import ConfigError
from mentor_toolkit.variables import expand


def test_a_variable_is_filled_in_where_it_is_used(monkeypatch):
    monkeypatch.setenv("PW", "x/y")
    assert expand("http://u:${PW}@host") == "http://u:x/y@host"
    with pytest.raises(ConfigError, match="NOT_THERE is not set"):
        expand("${NOT_THERE}")
