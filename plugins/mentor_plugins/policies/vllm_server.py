"""VllmServer: turns from `vllm serve`, as TRL's server mode uses it.

The server must run with `--logprobs-mode processed_logprobs`, as TRL asks for. Behaviour
log-probabilities then belong to the distribution that was sampled from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mentor_core.contracts.policy import Generation, Interrupted, Session
from mentor_core.support.errors import ServerError
from mentor_plugins.endpoint import Endpoint
from mentor_plugins.policies.requests import Requests

__all__ = ["VllmServer"]

Finish = Callable[[list[int], list[float], float], Generation]


class VllmServer:
    """Each turn is a POST to `/v1/completions`: token ids in, token ids and logprobs out.

    Args:
        url: the server's address, without `/v1`.
        concurrency: most requests under way at a time.
        retries: further attempts after one that failed.
        timeout: seconds that one attempt may take.
    """

    def __init__(self, url: str, concurrency: int, retries: int, timeout: float) -> None:
        self._endpoint = Endpoint(base_url=f"{url}/v1", retries=retries, timeout=timeout)
        self._requests = Requests(concurrency)

    def submit(
        self, session: Session, prompt: list[int], parameters: dict[str, Any], finish: Finish
    ) -> None:
        """Begin a turn after the tokens of `prompt`."""
        request = {
            "prompt": prompt,
            "return_token_ids": True,
            "return_tokens_as_token_ids": True,
            **parameters,
        }
        self._requests.start(
            session,
            lambda: _sampled(self._endpoint.ask("completions", request)),
            lambda sampled, seconds: finish(*sampled, seconds),
        )

    def collect(self, interrupted: Interrupted) -> list[Generation]:
        """Wait for a turn, and return all finished turns; none if `interrupted`."""
        return self._requests.collect(interrupted)

    def drop(self, session: Session) -> None:
        """The session has ended."""
        self._requests.drop(session)


def _sampled(reply: Any) -> tuple[list[int], list[float]]:
    """Ids and log-probabilities of a reply's only choice.

    Raises:
        ServerError: the reply does not follow vLLM's protocol.
    """
    try:
        (choice,) = reply["choices"]
        ids = [int(token) for token in choice["token_ids"]]
        logprobs = [float(value) for value in choice["logprobs"]["token_logprobs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ServerError(
            "the server's reply has no token_ids and logprobs: mentor needs `vllm serve` of a "
            f"version that TRL supports ({str(reply)[:200]})"
        ) from error
    if len(ids) != len(logprobs):
        raise ServerError(f"the server sent {len(ids)} tokens and {len(logprobs)} logprobs")
    return ids, logprobs
