"""What the webshop's tests share."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _indexes_are_kept_apart(tmp_path_factory):
    """No test reads or fills the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
