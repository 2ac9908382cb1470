"""Endpoint: a server that speaks OpenAI's protocol, asked patiently.

Busy and failing servers are asked again, waiting twice as long each time; one that refuses is
not. Needs httpx: `pip install "mentor-core[server]"`.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.component import Component
from mentor_core.errors import ServerError
from mentor_core.trajectory import whole_text

__all__ = ["Endpoint"]

_BUSY = {408, 409, 425, 429}


class Endpoint(Component):
    """Where a server is and how to ask it; may be used from several threads at once.

    A plugin that asks a server inherits from this, and so has these options.
    """

    base_url: str = Field("http://localhost:8000/v1", description="of the server's API")
    api_key_variable: str = Field(
        "OPENAI_API_KEY", description="environment variable with the key, where one is needed"
    )
    retries: int = Field(4, ge=0, description="further attempts after one that failed")
    backoff: float = Field(1.0, ge=0, description="seconds before the first; then doubled")
    timeout: float = Field(60.0, gt=0, description="seconds that one attempt may take")

    _client: Any = PrivateAttr(None)

    def ask(self, path: str, request: dict[str, Any]) -> Any:
        """The server's reply to a POST of JSON; None where the reply is not JSON.

        Raises:
            ServerError: it cannot be reached, or refuses; says what it said.
        """
        library = _httpx()
        if self._client is None:
            key = os.environ.get(self.api_key_variable)
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            limits = library.Limits(max_connections=None)
            self._client = library.Client(timeout=self.timeout, headers=headers, limits=limits)
            weakref.finalize(self, self._client.close)
        url, problem = f"{self.base_url.rstrip('/')}/{path}", ""
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
                    return json.loads(whole_text(said))
                except (ValueError, RecursionError):
                    return None
            problem = f"status {response.status_code}: {response.text[:200]}"
            if response.status_code < 500 and response.status_code not in _BUSY:
                break  # asking again will not help
        raise ServerError(f"the server at {self.base_url} gave no reply: {problem}")


def _httpx() -> Any:
    try:
        import httpx
    except ModuleNotFoundError:
        raise ServerError(
            'asking a server needs httpx: pip install "mentor-core[server]"'
        ) from None
    return httpx
