"""Worker: what hangs in it costs its limit, and nothing else."""

import os
import sys
import threading
import time

import pytest

from mentor_envs.worker import NoAnswer, Worker

MODULE = """
import os, time
from mentor_envs.worker import serve

def answer(question):
    print("noise on standard output")
    if question == "hang":
        time.sleep(60)
    if question == "die":
        os._exit(1)
    return question * 2

serve(answer)
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    (tmp_path / "doubling.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    worker = Worker("doubling")
    yield worker
    worker.stop()


def test_it_answers_and_what_it_prints_is_no_answer(worker):
    assert [worker.ask(n, 5.0) for n in (1, "a", [2])] == [2, "aa", [2, 2]]


@pytest.mark.parametrize("question", ["hang", "die"])
def test_the_next_question_gets_a_new_process(worker, question):
    worker.ask(1, 5.0)
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        worker.ask(question, 0.5)
    assert time.monotonic() - began < 5
    assert worker.ask(3, 5.0) == 6


def test_a_module_that_does_not_start_has_no_answer():
    with pytest.raises(NoAnswer):
        Worker("no_such_module").ask(1, 5.0)


def test_threads_get_their_own_answers(worker):
    found = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: worker.ask(n, 5.0)})) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: 2 * n for n in range(8)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_a_process_of_its_own(worker):
    worker.ask(1, 5.0)
    child = os.fork()
    if child == 0:
        os._exit(0 if worker.ask(2, 20.0) == 4 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert worker.ask(3, 5.0) == 6
