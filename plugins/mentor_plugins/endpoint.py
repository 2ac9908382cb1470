"""Endpoint: a server that speaks OpenAI's protocol, asked patiently.

Busy and failing servers are asked again, waiting twice as long each time; one that refuses is
not. What a server says is passed on without the key and the password that it was asked with.
Needs httpx: `pip install "mentor-core[server]"`.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from typing import Any

from pydantic import Field, PrivateAttr, field_validator

from mentor_core.contracts.component import Component
from mentor_core.contracts.trajectory import whole_text
from mentor_core.support.errors import ServerError
from mentor_core.support.redaction import HIDDEN, cut, expand, hide, secrets_in

__all__ = ["Endpoint"]

_BUSY = {408, 409, 425, 429}


class Endpoint(Component):
    """Where a server is and how to ask it; may be used from several threads at once.

    A plugin that asks a server inherits from this, and so has these options.
    """

    base_url: str = Field(
        "http://localhost:8000/v1",
        description="of the server's API; ${NAME} in it is replaced by an environment variable",
    )
    api_key_variable: str = Field(
        "OPENAI_API_KEY", description="environment variable with the key, where one is needed"
    )
    retries: int = Field(4, ge=0, description="further attempts after one that failed")
    backoff: float = Field(1.0, ge=0, description="seconds before the first; then doubled")
    timeout: float = Field(60.0, gt=0, description="seconds that one attempt may take")

    _client: Any = PrivateAttr(None)

    @field_validator("api_key_variable")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if name and not name.isidentifier():  # the key itself, which no message may have
            raise ValueError("expected the name of an environment variable that holds the key")
        return name

    def ask(self, path: str, request: dict[str, Any]) -> Any:
        """The server's reply to a POST of JSON; None where the reply is not JSON.

        Raises:
            ServerError: it cannot be reached, or refuses; says what it said.
            ConfigError: the address names an environment variable that is not set.
        """
        library = _httpx()
        address, key = expand(self.base_url), os.environ.get(self.api_key_variable, "").strip()
        secrets = [key, *secrets_in(address)]
        if HIDDEN in address:
            raise ServerError(
                f"base_url is {address}: a password stood there, which no file keeps; write "
                "${NAME} in its place and set the environment variable NAME"
            )
        if not key.isascii():
            raise ServerError(f"the key in {self.api_key_variable} is none: it is not ASCII")
        if self._client is None:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            limits = library.Limits(max_connections=None)
            self._client = library.Client(timeout=self.timeout, headers=headers, limits=limits)
            weakref.finalize(self, self._client.close)
        url, problem = f"{address.rstrip('/')}/{path}", ""
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(self.backoff * 2 ** (attempt - 1))
            try:
                response = self._client.post(url, json=request)
            except (library.InvalidURL, library.UnsupportedProtocol) as error:
                problem = str(error)
                break  # asking again will not help
            except library.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if response.is_success:
                try:
                    said = json.dumps(response.json(), ensure_ascii=False)
                    return json.loads(cut(whole_text(said), secrets))
                except (ValueError, RecursionError):
                    return None
            said = hide(response.text, secrets)
            problem = f"status {response.status_code}: {said[:200]}"
            if response.status_code < 500 and response.status_code not in _BUSY:
                break  # asking again will not help
        gave = hide(f"the server at {address} gave no reply: {problem}", secrets)
        raise ServerError(gave)


def _httpx() -> Any:
    try:
        import httpx
    except ModuleNotFoundError:
        raise ServerError(
            'asking a server needs httpx: pip install "mentor-core[server]"'
        ) from None
    return httpx
