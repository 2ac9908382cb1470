"""Endpoint: a server that speaks OpenAI's protocol, asked with retries.

Busy and failing servers are asked again. The wait doubles each time, or is as long as the server
asks for (`Retry-After`). A server that refuses is not asked again. Messages of a server are passed
on without the key and the password of the request. Needs httpx: `pip install
"mentor-core[server]"`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import weakref
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import Field, PrivateAttr, field_validator

from mentor_core.contracts.component import Component
from mentor_core.contracts.provenance import Usage
from mentor_core.contracts.teacher import RequestLog
from mentor_core.contracts.trajectory import whole_text
from mentor_core.support.errors import ServerError
from mentor_core.support.redaction import HIDDEN, cut, hide
from mentor_toolkit.secrets import secrets_in
from mentor_toolkit.variables import expand

__all__ = ["Endpoint", "usage_in"]

_BUSY = {408, 409, 425, 429}


class Endpoint(Component):
    """A server's address and the way to ask; may be used from several threads at once.

    A plugin that asks a server inherits these options.
    """

    base_url: str = Field(
        "http://localhost:8000/v1",
        description="of the server's API; ${NAME} in it is replaced by an environment variable",
    )
    api_key_variable: str = Field(
        "OPENAI_API_KEY", description="environment variable with the key, if one is needed"
    )
    retries: int = Field(4, ge=0, description="further attempts after one that failed")
    backoff: float = Field(1.0, ge=0, description="seconds before the first; then doubled")
    timeout: float = Field(60.0, gt=0, description="seconds that one attempt may take")
    longest_wait: float = Field(
        120.0, ge=0, description="seconds that a server may ask to wait for; longer: give up"
    )

    _client: Any = PrivateAttr(None)
    _log: RequestLog | None = PrivateAttr(None)

    @field_validator("api_key_variable")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if name and not name.isidentifier():  # the key itself, which no message may have
            raise ValueError("expected the name of an environment variable that holds the key")
        return name

    def account(self, log: RequestLog) -> None:
        """From now on, note every request in the log, and take replies that the log remembers."""
        self._log = log

    def ask(self, path: str, request: dict[str, Any], asker: str = "") -> Any:
        """The server's reply to a POST of JSON; None if the reply is not JSON.

        Args:
            path: below `base_url`.
            asker: tells equal requests apart, of two episodes, say; only a log uses this.

        Raises:
            ServerError: the server cannot be reached, or refuses; has the server's message.
            ConfigError: the address names an environment variable that is not set.
            MentorError: the log allows no further request.
        """
        if self._log is None:
            return self._send(path, request)
        asked = json.dumps([hide(self.base_url), path, request, asker], sort_keys=True)
        key = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()
        reply = self._log.remembered(key)
        if reply is not None:
            return reply
        self._log.begin(key)
        began = time.perf_counter()
        try:
            reply = self._send(path, request)
        except Exception as error:  # noted, and passed on
            self._log.failed(key, str(error))
            raise
        if reply is None:
            self._log.failed(key, "the reply is not JSON")
        else:
            self._log.answered(key, reply, time.perf_counter() - began)
        return reply

    def _send(self, path: str, request: dict[str, Any]) -> Any:
        library = _httpx()
        address, key = expand(self.base_url), os.environ.get(self.api_key_variable, "").strip()
        secrets = [key, *secrets_in(address)]
        if HIDDEN in address:
            raise ServerError(
                f"base_url is {address}: a password stood there, which no file keeps; write "
                "${NAME} in its place and set the environment variable NAME"
            )
        if not key.isascii():
            raise ServerError(f"{self.api_key_variable} holds no key: the text is not ASCII")
        if self._client is None:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            limits = library.Limits(max_connections=None)
            self._client = library.Client(timeout=self.timeout, headers=headers, limits=limits)
            weakref.finalize(self, self._client.close)
        url, problem, wait = f"{address.rstrip('/')}/{path}", "", 0.0
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(max(self.backoff * 2 ** (attempt - 1), wait))
                wait = 0.0
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
            wait = _asked_to_wait(response.headers.get("retry-after", ""))
            if wait > self.longest_wait:
                problem += f" (it asks to wait {wait:.0f} s; longest_wait is {self.longest_wait:g})"
                break
        gave = hide(f"the server at {address} gave no reply: {problem}", secrets)
        raise ServerError(gave)


def usage_in(reply: Any) -> Usage:
    """The usage of a chat completion as the server reports it; 0 for each missing number."""
    given = reply.get("usage")
    counts = given if isinstance(given, dict) else {}

    def count(name: str) -> int:
        value = counts.get(name)
        return value if isinstance(value, int) and value >= 0 else 0

    model = reply.get("model")
    return Usage(
        1,
        count("prompt_tokens"),
        count("completion_tokens"),
        model if isinstance(model, str) and model else None,
    )


def _asked_to_wait(header: str) -> float:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); 0 without one."""
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _httpx() -> Any:
    try:
        import httpx
    except ModuleNotFoundError:
        raise ServerError(
            'asking a server needs httpx: pip install "mentor-core[server]"'
        ) from None
    return httpx
