"""The upload to the Hub: everything that can be refused is asked before any long work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mentor_core.support.errors import ConfigError, ServerError
from mentor_core.support.redaction import hide

__all__ = ["check_push", "push"]


def check_push(repo: str) -> None:
    """Ask the Hub for the owner of the token, who must be able to write to the repository.

    Raises:
        ConfigError: the name is not OWNER/NAME, there is no token, or the token's owner may not
            write there.
        ServerError: the Hub cannot be reached, or refuses the token.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
        owner, slash, _ = repo.partition("/")
        if not slash:
            raise HFValidationError("an owner is missing")
    except HFValidationError as error:
        raise ConfigError(f"--push {repo}: expected OWNER/NAME ({error})") from None
    if not get_token():
        raise ConfigError(
            "--push needs a token of the Hub: log in with `hf auth login`, or set HF_TOKEN"
        )
    with _asking("does not accept the token"):
        who: dict[str, Any] = HfApi().whoami()
    known = [str(who.get("name")), *(str(org.get("name")) for org in who.get("orgs") or ())]
    if owner not in known:
        raise ConfigError(
            f"--push {repo}: the token can write to {', '.join(known)}, not to {owner}"
        )


def push(folder: Path, repo: str, public: bool) -> str:
    """Upload an export, and return its address.

    Args:
        public: of a repository that is new; one that exists stays as it is.

    Raises:
        ServerError: the Hub cannot be reached, or refuses; has the Hub's message.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    api = HfApi()
    disable_progress_bars()
    with _asking("refuses the upload"):
        url = api.create_repo(repo, exist_ok=True, private=not public)
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message="Export of a mentor run")
    return str(url)


@contextmanager
def _asking(refuses: str) -> Iterator[None]:
    from huggingface_hub import constants, get_token

    try:
        yield
    except Exception as error:  # httpx's and the Hub's own errors, and those of its storage
        said = hide(str(error).strip().partition("\n")[0], [get_token() or ""])
        raise ServerError(f"the Hub at {constants.ENDPOINT} {refuses}: {said}") from error
