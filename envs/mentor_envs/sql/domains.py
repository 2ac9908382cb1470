"""The built-in databases, `domains.toml`: eight of train, and four of the shift `domain`.

Each of the four has the tables of one of train's databases, and about as many tables that train
never has. So a policy without knowledge of new tables can still answer some questions.

`contents.py` draws their rows from a seed.
"""

from __future__ import annotations

from typing import Any

from mentor_envs.sql.schema import Amount, Domain, Entity, Kind, Link, Name
from mentor_envs.words import read_words

__all__ = ["TRAIN", "UNSEEN"]

_READ = read_words(__package__, "domains.toml")
_COLUMNS: dict[str, Any] = {"name": Name, "kind": Kind, "amount": Amount, "link": Link}
_LISTS = ("firsts", "seconds", "values")


def _column(given: dict[str, Any]) -> Name | Kind | Amount | Link:
    kind = given.pop("is")
    for key in _LISTS:
        if isinstance(given.get(key), str):
            given[key] = _READ["words"][given[key]]
    column: Name | Kind | Amount | Link = _COLUMNS[kind](**given)
    return column


def _entity(given: dict[str, Any]) -> Entity:
    low, high = given.pop("rows")
    columns = tuple(map(_column, given.pop("columns")))
    return Entity(**given, rows=(low, high), columns=columns)


def _domains(split: str) -> dict[str, Domain]:
    """Name → domain."""
    return {
        domain["name"]: Domain(domain["name"], tuple(map(_entity, domain["entities"])))
        for domain in _READ["domains"]
        if domain["split"] == split
    }


TRAIN = _domains("train")
UNSEEN = {
    new.name: Domain(new.name, known.entities + new.entities)
    for known, new in zip(TRAIN.values(), _domains("domain").values(), strict=False)
}
"""Name → domain: first the tables of a domain of `TRAIN`, then tables that `TRAIN` lacks."""
