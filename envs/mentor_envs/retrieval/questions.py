"""Generated questions: each needs all of its documents, read one after the other.

Bridge questions name the first document's subject; each document names the next one. A comparison
names two subjects and asks about one, which only both documents together identify. The answer is in
the last document alone. Neither the question nor the results of earlier searches contain the
answer.

The subjects that questions name belong to train or to eval, never to both, and the shifts ask about
eval's subjects. In the shift `length` a question needs three documents. In the shift `relations` a
question uses a relation that train and eval never use (`relations.UNSEEN`). Such a question may
name any subject that has one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mentor_core.contracts.task import Split, Task
from mentor_envs.generated import owner
from mentor_envs.retrieval.corpus import words
from mentor_envs.retrieval.relations import COMPARISONS, KINDS, RELATIONS, UNSEEN
from mentor_envs.retrieval.world import Entity, World, make_world

__all__ = ["generate"]

_EVAL_SHARE = 8  # one subject in so many belongs to eval
_COMPARED = 0.25  # share of comparisons in train and eval
_UNSEEN_KINDS = {RELATIONS[name].kind for name in UNSEEN} - {"person"}
_TRIES = 200  # before a question may come a second time, in a split larger than the world


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its documents in the order of reading, and its relations."""

    prompt: str
    answer: str
    reads: tuple[Entity, ...]
    form: str
    relations: tuple[str, ...]


@lru_cache(maxsize=8)
def generate(split: Split, size: int, seed: int) -> tuple[Task, ...]:
    """The first `size` tasks of a split; always the same ones.

    `metadata` holds the `hops` (query and document id of each), `n_hops` and the `form` (bridge or
    comparison). `relations` are in the order in which they are followed.
    """
    world = make_world(seed)
    draw = random.Random(f"retrieval/{seed}/{split}")
    seen: set[tuple[tuple[Entity, ...], tuple[str, ...]]] = set()
    tasks = []
    for index in range(size):
        tries = 0
        while True:
            tries += 1
            question = _draw(draw, world, split)
            if question is None or not _fair(question):
                continue
            key = (question.reads, question.relations)
            if key not in seen or tries > _TRIES:
                break
        seen.add(key)
        tasks.append(_task(question, f"{split}-{seed}-{index}", split))
    return tuple(tasks)


def _task(question: Question, identity: str, split: Split) -> Task:
    hops = [{"query": entity.name, "id": f"d{entity.index + 1}"} for entity in question.reads]
    metadata = {
        "hops": hops,
        "n_hops": len(hops),
        "form": question.form,
        "relations": list(question.relations),
    }
    return Task(identity, "retrieval", question.prompt, question.answer, split, metadata)


def _owner(entity: Entity) -> Split:
    """The split, train or eval, whose questions may name an entity."""
    return owner(entity.name, _EVAL_SHARE)


def _draw(draw: random.Random, world: World, split: Split) -> Question | None:
    """A question, or None if this draw gives none."""
    side = "train" if split == "train" else "eval"
    entity = draw.choice(world.kinds[draw.choice([*KINDS])])
    new = split == "relations"
    if _owner(entity) != side and not (new and entity.kind in _UNSEEN_KINDS):
        return None
    if new or split == "length":
        question = _bridge(draw, entity, 2 if new else 3)
        if question is None or new != bool(UNSEEN.intersection(question.relations)):
            return None
        return question
    if draw.random() < _COMPARED:
        other = draw.choice(world.kinds[entity.kind])
        question = _compare(draw, entity, other) if _owner(other) == side else None
    else:
        question = _bridge(draw, entity, 2)
    return None if question is None or UNSEEN.intersection(question.relations) else question


def _bridge(draw: random.Random, entity: Entity, hops: int) -> Question | None:
    named, reads, relations = KINDS[entity.kind].format(s=entity.name), [entity], list[str]()
    while len(reads) < hops:
        onward = [n for n, value in reads[-1].facts.items() if isinstance(value, Entity)]
        relations.append(draw.choice(onward))
        target = reads[-1].facts[relations[-1]]
        assert isinstance(target, Entity)
        named = RELATIONS[relations[-1]].noun.format(s=named)
        reads.append(target)
    return _ask(draw, named, reads, "bridge", relations)


def _compare(draw: random.Random, first: Entity, second: Entity) -> Question | None:
    found = [c for c in COMPARISONS if RELATIONS[c.relation].kind == first.kind]
    if first is second or not found:
        return None
    comparison = found[0]
    low, high = sorted(
        (first, second), key=lambda entity: int(str(entity.facts[comparison.relation]))
    )
    if low.facts[comparison.relation] == high.facts[comparison.relation]:
        return None
    wanted = draw.choice((low, high))
    template = comparison.lower if wanted is low else comparison.higher
    plain = '"{s}"' if first.kind in ("novel", "film") else "{s}"
    named = template.format(a=plain.format(s=first.name), b=plain.format(s=second.name))
    other = second if wanted is first else first
    return _ask(draw, named, [other, wanted], "comparison", [comparison.relation])


def _ask(
    draw: random.Random, named: str, reads: Sequence[Entity], form: str, relations: list[str]
) -> Question:
    last = draw.choice([name for name in reads[-1].facts if name not in relations[-1:]])
    answer = reads[-1].facts[last]
    shown = answer.name if isinstance(answer, Entity) else str(answer)
    prompt = draw.choice(RELATIONS[last].asks).format(s=named)
    return Question(prompt, shown, tuple(reads), form, (*relations, last))


def _fair(question: Question) -> bool:
    """True if nothing gives the answer, or the way to it, away too early."""
    *earlier, last = question.reads
    answer = set(words(question.answer))
    known = set(words(" ".join([question.prompt, *(entity.name for entity in question.reads)])))
    if answer & known or len(set(question.reads)) < len(question.reads):
        return False
    if any(answer <= set(words(f"{entity.name} {entity.text}")) for entity in earlier):
        return False
    if question.form == "bridge":  # the question must not name later documents
        asked = set(words(question.prompt))
        if any(asked & set(words(entity.name)) for entity in question.reads[1:]):
            return False
    target = last.facts[question.relations[-1]]
    named = set().union(*(words(entity.name) for entity in question.reads))
    return not (isinstance(target, Entity) and named & set(words(f"{target.name} {target.text}")))
