"""Endpoint: asks a real HTTP server on this machine."""

import gc
import sys
import threading
import time

import pytest

from mentor_core.support.errors import ServerError
from mentor_plugins.endpoint import Endpoint

pytest.importorskip("httpx")


def endpoint(server, **options):
    return Endpoint(base_url=f"{server.url}/v1", **{"backoff": 0.01, **options})


def test_a_busy_server_is_asked_again(served):
    left = [(429, "busy"), (503, "down"), (200, {"n": 1})]
    server = served(lambda *_: left.pop(0))
    assert endpoint(server).ask("models", {}) == {"n": 1}
    assert [path for path, *_ in server.requests] == ["/v1/models"] * 3


def test_it_waits_twice_as_long_each_time(served):
    server = served(lambda *_: (500, "down"))
    began = time.perf_counter()
    with pytest.raises(ServerError, match="status 500: down"):
        endpoint(server, retries=3, backoff=0.05).ask("models", {})
    assert time.perf_counter() - began > 0.05 + 0.1 + 0.2
    assert len(server.requests) == 4


def test_a_server_that_refuses_is_asked_once(served):
    server = served(lambda *_: (401, "no key"))
    with pytest.raises(ServerError, match="401: no key"):
        endpoint(server).ask("models", {})
    assert len(server.requests) == 1


def test_the_key_is_taken_from_the_environment(served, monkeypatch):
    monkeypatch.setenv("MY_KEY", "k1")
    server = served(lambda *_: (200, {}))
    endpoint(server, api_key_variable="MY_KEY").ask("models", {})
    assert server.requests[0][1]["Authorization"] == "Bearer k1"


def test_a_slow_attempt_ends_at_its_time_limit(served):
    release = threading.Event()
    server = served(lambda *_: (200, {"late": release.wait(10)}))
    with pytest.raises(ServerError, match="ReadTimeout"):
        endpoint(server, retries=0, timeout=0.2).ask("models", {})
    release.set()


def test_what_is_not_json_is_none(served):
    assert endpoint(served(lambda *_: (200, "<html>"))).ask("models", {}) is None


@pytest.mark.parametrize("url", ["not a url", "ftp://localhost/v1", "http://", "http://[::1/v1"])
def test_an_address_that_makes_no_sense_is_one_message(url):
    with pytest.raises(ServerError, match="gave no reply"):
        Endpoint(base_url=url, retries=0).ask("models", {})


def test_many_threads_share_it(served):
    server = served(lambda _, request: (200, request))
    shared, found = endpoint(server), {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: shared.ask("echo", {"n": n})}))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: {"n": n} for n in range(20)}


@pytest.mark.filterwarnings(
    "error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning"
)
def test_nothing_stays_open(served):
    endpoint(served(lambda *_: (200, {}))).ask("models", {})
    gc.collect()


def test_without_httpx_it_says_what_to_install(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ServerError, match=r"mentor-core\[server\]"):
        endpoint(served(lambda *_: (200, {}))).ask("models", {})


def test_half_a_character_in_a_reply_can_be_kept(served):
    # A model that is cut off within an emoji; the episode could not be saved.
    server = served(lambda *_: (200, {"said": "a\ud83d", "known": "\N{GRINNING FACE}"}))
    reply = {"said": "a\N{REPLACEMENT CHARACTER}", "known": "\N{GRINNING FACE}"}
    assert endpoint(server).ask("models", {}) == reply


def test_what_is_no_address_is_told_at_once():
    began = time.perf_counter()
    with pytest.raises(ServerError, match="missing an 'http://' or 'https://' protocol"):
        Endpoint(base_url="localhost:8000/v1", backoff=2.0).ask("models", {})
    assert time.perf_counter() - began < 2


def test_a_server_that_says_how_long_to_wait_is_obeyed(served):
    """Asking earlier would be refused again, and the attempts would be used up."""
    left = [(429, "busy", {"Retry-After": "1"}), (200, {"n": 1})]
    server = served(lambda *_: left.pop(0))
    began = time.perf_counter()
    assert endpoint(server, retries=1).ask("models", {}) == {"n": 1}
    assert time.perf_counter() - began > 1.0


def test_a_server_that_asks_for_too_much_patience_is_given_up(served):
    server = served(lambda *_: (429, "tomorrow", {"Retry-After": "86400"}))
    with pytest.raises(ServerError, match="asks to wait 86400 s; longest_wait is 120"):
        endpoint(server).ask("models", {})
    assert len(server.requests) == 1


@pytest.mark.parametrize("broken", [(200, b'{"half": '), (None, "closed")])
def test_a_reply_that_does_not_arrive_is_asked_for_again(served, broken):
    left = [broken, (200, {"n": 1})]
    server = served(lambda *_: left.pop(0))
    assert endpoint(server).ask("models", {}) == {"n": 1}
