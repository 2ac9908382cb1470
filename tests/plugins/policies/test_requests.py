"""Requests: what arrives, arrives; what is late, broken or given up holds up nobody."""

import threading
import time

from mentor_core.contracts.policy import Generation, Session, never
from mentor_plugins.policies.requests import Requests


def session():
    return Session([], [], 0)


def said(one):
    return lambda reply, seconds: Generation(one, reply, seconds=seconds)


def test_turns_come_back_in_the_order_in_which_they_are_done():
    requests, slow, quick = Requests(4), session(), session()
    release = threading.Event()
    requests.start(slow, lambda: release.wait(10) and "slow", said(slow))
    requests.start(quick, lambda: "quick", said(quick))
    assert [turn.session for turn in requests.collect(never)] == [quick]
    release.set()
    (turn,) = requests.collect(never)
    assert (turn.session, turn.text) == (slow, "slow")
    assert turn.seconds > 0
    assert requests.collect(never) == []


def test_it_returns_early_where_something_else_is_ready():
    requests, one = Requests(1), session()
    release = threading.Event()
    requests.start(one, lambda: release.wait(10) and "late", said(one))
    began = time.perf_counter()
    assert requests.collect(lambda: True) == []
    assert time.perf_counter() - began < 1
    release.set()
    assert [turn.text for turn in requests.collect(never)] == ["late"]


def test_a_request_that_breaks_is_a_turn_with_its_error():
    requests, one = Requests(1), session()

    def ask():
        raise OSError("no route")

    requests.start(one, ask, said(one))
    (turn,) = requests.collect(never)
    assert (turn.error, turn.complete) == ("OSError: no route", False)


def test_what_was_given_up_is_not_heard_of_again():
    requests, gone, stays = Requests(2), session(), session()
    finished = threading.Event()

    def ask():
        time.sleep(0.05)
        finished.set()
        return "too late"

    requests.start(gone, ask, said(gone))
    requests.drop(gone)
    assert requests.collect(never) == []
    requests.start(stays, lambda: finished.wait(10) and "here", said(stays))
    assert [turn.session for turn in requests.collect(never)] == [stays]


def test_no_more_requests_are_under_way_than_allowed():
    requests, lock = Requests(3), threading.Lock()
    now, most = 0, 0

    def ask():
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return "done"

    sessions = [session() for _ in range(20)]
    for one in sessions:
        requests.start(one, ask, said(one))
    done = []
    while len(done) < 20:
        done += requests.collect(never)
    assert most == 3
    assert {id(turn.session) for turn in done} == {id(one) for one in sessions}
