"""Plays episodes in a separate process, for `determinism`.

python -m mentor_lab.environments.elsewhere OUTPUT < (environment and episodes, pickled)
"""

from __future__ import annotations

import importlib
import json
import pickle
import sys
from pathlib import Path


def main() -> None:
    """Read environment and episodes from standard input; write the transcripts as JSON."""
    path, made, played = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    from mentor_lab.environments.episode import Episode, Maker, play

    module, name, options = pickle.loads(made)
    make = Maker(getattr(importlib.import_module(module), name), options)
    transcripts = []
    for seed, where, turns in played:
        env = make()
        task = None
        if where is not None:
            split, wanted = where
            task = next(task for task in env.tasks(split) if task.id == wanted)
        transcripts.append(list(play(env, Episode(make, seed, task, turns))))
        env.close()
    Path(sys.argv[1]).write_text(json.dumps(transcripts), encoding="utf-8")


if __name__ == "__main__":
    main()
