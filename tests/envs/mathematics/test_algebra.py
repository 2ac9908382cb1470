import os
import threading

import pytest

from mentor_envs.mathematics import algebra, equal_answers


def test_expressions_are_compared():
    assert algebra.equal_expressions("1+x", "x+1")
    assert not algebra.equal_expressions("1+x", "x+2")
    assert not algebra.equal_expressions("}{", "x+2")


def test_a_time_limit_is_counted_and_neither_right_nor_wrong(monkeypatch):
    algebra.equal_expressions("1+x", "x+1")  # the process is there
    before = algebra.time_limits_hit()
    monkeypatch.setattr(algebra, "SECONDS", 0.0)
    with pytest.raises(algebra.TimeLimit):
        algebra.equal_expressions("(y+1)^9", "(1+y)^9")
    assert equal_answers(r"\sqrt{y+2}", r"\sqrt{2+y}") is None
    assert algebra.time_limits_hit() == before + 2
    monkeypatch.undo()
    assert equal_answers(r"\sqrt{y+2}", r"\sqrt{2+y}") is True  # a new process was started


def test_a_question_is_asked_once(monkeypatch):
    # The answers of a group are often the same: each would cost milliseconds again.
    assert algebra.equal_expressions("1+z", "z+1")
    monkeypatch.setattr(algebra._worker, "ask", lambda *_: pytest.fail("asked again"))
    assert algebra.equal_expressions("1+z", "z+1")


def test_a_hanging_expression_ends_at_the_limit(monkeypatch):
    monkeypatch.setattr(algebra, "SECONDS", 1.0)
    with pytest.raises(algebra.TimeLimit):
        algebra.equal_expressions("9^{9^{9^{9}}}", "12")


def test_threads_share_the_process_and_get_their_own_answers():
    found = {}

    def ask(n):
        found[n] = algebra.equal_expressions(f"x+{n}", f"{n % 2 * 2}+x")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [n for n in found if found[n]] == [0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_a_process_of_its_own():
    algebra.equal_expressions("1+x", "x+1")
    child = os.fork()
    if child == 0:
        os._exit(0 if algebra.equal_expressions("z+1", "1+z") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert algebra.equal_expressions("1+x", "x+1")
