"""The licence of the base: as the base states it, and never invented."""

import json

import pytest
from huggingface_hub import constants

from mentor_plugins.export.licence import licence_of


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def test_a_card_beside_the_base_is_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"license": "mit"}))
    assert licence_of(str(tmp_path)) == "mit"
    (tmp_path / "README.md").write_text("---\nlicense: gemma\n---\n\n# Base\n")
    assert licence_of(str(tmp_path)) == "gemma"


@pytest.mark.parametrize("card", ["# No front matter", "---\nlicense: [a, b\n---\n", "---\n---\n"])
def test_a_base_that_states_none_has_an_unknown_licence(tmp_path, card):
    (tmp_path / "config.json").write_text("not json")
    (tmp_path / "README.md").write_text(card)
    assert licence_of(str(tmp_path)) is None


def test_embedded_students_have_the_licence_of_their_distribution():
    assert licence_of("embedded/calculator") == "apache-2.0"


@pytest.mark.parametrize("gone", ["/no/such/model", "somebody/never-downloaded", "embedded/nobody"])
def test_a_base_that_is_not_there_has_an_unknown_licence(gone):
    assert licence_of(gone) is None
