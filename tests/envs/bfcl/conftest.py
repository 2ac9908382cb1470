"""BFCL's own files and classes, where they are installed."""

from __future__ import annotations

import importlib.util

import pytest

from mentor_envs.bfcl.env import Bfcl
from mentor_envs.bfcl.files import MULTI_TURN


@pytest.fixture(scope="session")
def installed():
    if importlib.util.find_spec("bfcl_eval") is None:
        pytest.skip("bfcl-eval is not installed: pip install --no-deps bfcl-eval")
    return "installed"


@pytest.fixture(scope="session", params=MULTI_TURN)
def category(request):
    return request.param


@pytest.fixture
def dialogues(installed):
    made = Bfcl(data=installed, categories="multi_turn_base", eval_share=0, max_turns=40)
    yield made
    made.close()
