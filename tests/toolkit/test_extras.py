"""A plugin whose package is missing says how to install the package."""

import sys

import pytest

from mentor_core.support.errors import ConfigError
from mentor_toolkit.extras import require


def test_a_package_that_is_not_there_is_named_with_its_extra(monkeypatch):
    require("environment 'x'", "x", "json")
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(ConfigError, match=r"'x' needs bm25s: pip install 'mentor-core\[y\]'"):
        require("environment 'x'", "y", "json", "bm25s")
