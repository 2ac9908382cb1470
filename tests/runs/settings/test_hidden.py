"""Settings from a file whose secrets were left out."""

import pytest

from mentor_core.support.errors import ConfigError
from mentor_runs.settings.hidden import refuse_hidden
from mentor_toolkit.secrets import hide_settings


def test_settings_that_have_lost_a_secret_are_not_used():
    """The server would be asked with three stars for a password."""
    settings = {"env_options": {"headers": {"Authorization": "Bearer x", "A": "b"}}}
    refuse_hidden({**settings, "system_prompt": "*** Use the tools. ***"})
    with pytest.raises(ConfigError, match=r"env_options\.headers\.Authorization"):
        refuse_hidden(hide_settings(settings))
    with pytest.raises(ConfigError, match="urls"):
        refuse_hidden(hide_settings({"urls": ["http://u:p@host"]}))
