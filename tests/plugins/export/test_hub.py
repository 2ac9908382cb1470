"""The upload, against a stand-in for the Hub: all files arrive, and no secret is told."""

import pytest
from huggingface_hub import constants

from mentor_core.support.errors import ConfigError, ServerError
from mentor_plugins.export.hub import check_push, push


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n\n# Model\n")
    (tmp_path / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    return tmp_path


@pytest.mark.parametrize("public", [False, True])
def test_all_files_arrive_as_they_are(hub, folder, public):
    check_push("our-org/model")
    assert push(folder, "our-org/model", public).endswith("/our-org/model")
    assert hub.made[0]["visibility"] == ("public" if public else "private")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert hub.files == {"our-org/model": files}


@pytest.mark.parametrize("name", ["model", "a/b/c", "me/x..y", "me/.hidden", "", "me/"])
def test_a_wrong_name_is_told_before_the_hub_is_asked(hub, name):
    with pytest.raises(ConfigError, match="expected OWNER/NAME"):
        check_push(name)
    assert hub.asked == []


def test_an_owner_that_the_token_cannot_write_to_is_told(hub):
    with pytest.raises(ConfigError, match="can write to me, our-org, not to you"):
        check_push("you/model")


def test_a_missing_token_is_told(hub, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="hf auth login"):
        check_push("me/model")


def test_no_error_has_the_token(hub, folder, monkeypatch):
    hub.refuses = 507
    with pytest.raises(ServerError, match="refuses the upload") as refused:
        push(folder, "me/model", False)
    monkeypatch.setenv("HF_TOKEN", "hf_ijklmnop87654321")  # the stand-in repeats it
    with pytest.raises(ServerError, match="does not accept the token") as wrong:
        check_push("me/model")
    for error in (refused, wrong):
        assert "hf_abcdefgh12345678" not in str(error.value)
        assert "hf_ijklmnop87654321" not in str(error.value)


def test_a_hub_that_cannot_be_reached_is_named(hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:1"):
        check_push("me/model")
