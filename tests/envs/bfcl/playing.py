"""Episodes of BFCL, played from scripts."""

from __future__ import annotations


def play(env, task):
    """The expert's episode; the last step's info."""
    return play_script(env, task, env.expert(task))


def play_script(env, task, script):
    """An episode of (text, calls) turns, which end it."""
    env.reset(seed=0, options={"task": task})
    for text, calls in script:
        *_, info = env.step(env.turn_text(text, calls))
        if env.end is not None:
            return info
    raise AssertionError("the script ended before the episode did")
