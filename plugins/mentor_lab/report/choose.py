"""The choice of the page's episodes: first the episodes that a reader looks for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from mentor_lab.report.read import Episode, Run

__all__ = ["choose"]


def choose(runs: Sequence[Run], most: int) -> list[list[Episode]]:
    """The shown episodes of each run, the most wanted first.

    Regressions come first, then errors, then tasks that were learned. Then episodes of the
    evaluations alternate with whole groups of the training, drawn at random with a fixed seed.

    Args:
        most: largest number of episodes, all runs together; each run has the same share.
    """
    share = max(most // max(len(runs), 1), 1)
    return [list(islice(_wanted(run), share)) for run in runs]


def _wanted(run: Run) -> Iterator[Episode]:
    evaluated = [e for by_time in run.evaluations.values() for es in by_time.values() for e in es]
    first = [
        *(e for e in evaluated if e.change == "regressed"),
        *(e for e in run if e.trajectory.end == "error"),
        *(e for e in evaluated if e.change == "learned"),
    ]
    taken = set(map(id, first))
    yield from {id(e): e for e in first}.values()
    rest = [e for e in evaluated if id(e) not in taken]
    last = [e for e in rest if e.part.partition("-")[2] != "before"]
    rest = [*last, *(e for e in rest if e.part.partition("-")[2] == "before")]
    groups: dict[tuple[int | None, int | None], list[Episode]] = {}
    for episode in run.training:
        if id(episode) not in taken:
            trajectory = episode.trajectory
            groups.setdefault((trajectory.policy_version, trajectory.group), []).append(episode)
    drawn = list(groups.values())
    random.Random(0).shuffle(drawn)
    for eight, group in zip_longest(_eights(rest), drawn, fillvalue=()):
        yield from eight
        yield from group


def _eights(episodes: Sequence[Episode]) -> Iterator[Sequence[Episode]]:
    for start in range(0, len(episodes), 8):
        yield episodes[start : start + 8]
