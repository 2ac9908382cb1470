"""Choices: parts of questions (rows, columns and values), drawn from a built-in database."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mentor_envs.sql.schema import Amount, Domain, Entity, Kind, Name, noun_of

__all__ = ["Choices", "RejectedSample", "Selection", "key_of", "label_of", "name_column", "quote"]

T = TypeVar("T")

_OPERATIONS = {"AVG": "average", "MIN": "lowest", "MAX": "highest", "SUM": "total"}
_ENDS = {"DESC": "highest", "ASC": "lowest"}
_NOT_ADDED = {"age", "year", "grade", "rating", "height", "experience", "employed"}


class RejectedSample(Exception):
    """This draw gives no good question. Draw again."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a table, with optional joins and conditions.

    Attributes:
        words: a question's words after the rows' own noun.
    """

    entity: Entity
    joins: str = ""
    where: str = ""
    words: str = ""

    @property
    def body(self) -> str:
        where = f" WHERE {self.where}" if self.where else ""
        return f"FROM {self.entity.table}{self.joins}{where}"

    @property
    def what(self) -> str:
        return f"{self.entity.many} {self.words}".strip()

    def column(self, name: str) -> str:
        return f"{self.entity.table}.{name}" if self.joins else name


@dataclass(slots=True)
class Choices:
    """Draws from one database. Methods that take `fields` add there the fields of a wording.

    Every method may raise RejectedSample: this draw gives no question.
    """

    domain: Domain
    connection: sqlite3.Connection
    draw: random.Random

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def select(self, entity: Entity, fields: dict[str, Any]) -> Selection:
        """Rows of `entity`: all, or a proper part of them; `fields` gets their description."""
        chance = self.draw.random()
        if chance < 0.15:
            chosen = Selection(entity)
        elif chance < 0.6 or not entity.links:
            chosen = self._where(entity, 2 if chance > 0.5 else 1)
        else:
            chosen = self._where_parent(entity)
        fields["what"] = chosen.what
        if chosen.where:
            ((all_rows,),) = self.rows(f"SELECT COUNT(*) FROM {entity.table}")
            ((some,),) = self.rows(f"SELECT COUNT(*) {chosen.body}")
            if not 2 <= some < all_rows:
                raise RejectedSample
        return chosen

    def _where(self, entity: Entity, conditions: int, prefix: str = "") -> Selection:
        """One or two conditions on a table's own columns."""
        if len(entity.facts) < conditions:
            raise RejectedSample
        drawn = [
            self._condition(entity, column, prefix)
            for column in self.draw.sample(entity.facts, conditions)
        ]
        words = " and ".join(words for words, _ in drawn)
        return Selection(entity, where=" AND ".join(sql for _, sql in drawn), words=words)

    def _where_parent(self, entity: Entity) -> Selection:
        """A condition on the row that each row refers to, directly or through another row."""
        parent, joins = self.parent(entity)
        words = f"of {parent.many}"
        if parent.links and self.draw.random() < 0.5:
            parent, further = self.parent(parent)
            joins, words = joins + further, f"{words} of {parent.many}"
        if self.draw.random() < 0.5:
            name = self.name_of(parent)
            words = f"{words.removesuffix(parent.many)}the {parent.one} {name}"
            return Selection(
                entity, joins, f"{parent.table}.{key_of(parent)} = {quote(name)}", words
            )
        condition = self._where(parent, 1, f"{parent.table}.")
        return Selection(entity, joins, condition.where, f"{words} {condition.words}")

    def _condition(self, entity: Entity, column: Kind | Amount, prefix: str) -> tuple[str, str]:
        value = self._value_of(entity, column.column)
        name = prefix + column.column
        if isinstance(column, Kind):
            return f"whose {noun_of(column)} is {value}", f"{name} = {quote(value)}"
        comparisons = {">": "above", "<": "below", ">=": "at least", "<=": "at most"}
        sign, words = self.draw.choice(list(comparisons.items()))
        return f"whose {noun_of(column)} is {words} {value}", f"{name} {sign} {value}"

    def ordered(self, chosen: Selection, fields: dict[str, Any], limit: int | None) -> str:
        entity = chosen.entity
        column = self.one([amount for amount in entity.amounts if not amount.gaps])
        way, end = self.draw.choice(list(_ENDS.items()))
        fields |= {"noun": noun_of(column), "end": end}
        by = f"{chosen.column(column.column)} {way}"
        top = -1 if limit is None else limit + 1
        self.check_distinct(
            f"SELECT {chosen.column(column.column)} {chosen.body} ORDER BY {by} LIMIT {top}"
        )
        ending = "" if limit is None else f" LIMIT {limit}"
        return f"SELECT {chosen.column(key_of(entity))} {chosen.body} ORDER BY {by}{ending}"

    def check_distinct(self, sql: str) -> None:
        """Check that there are two values or more, and that all differ."""
        rows = self.rows(sql)
        if len(rows) < 2 or len(set(rows)) < len(rows):
            raise RejectedSample

    def threshold(self, counts: list[tuple[int]]) -> int:
        """A number that some of the counts exceed and others do not."""
        values = sorted({count for (count,) in counts})
        return self.one([value for value in values[:-1] if value > 1])

    def function(self, amounts: list[Amount], fields: dict[str, Any], chosen: Selection) -> str:
        column = self.one(amounts)
        noun = noun_of(column)
        names = [name for name in _OPERATIONS if name != "SUM" or not _NOT_ADDED & {*noun.split()}]
        name = self.draw.choice(names)
        fields |= {"operation": _OPERATIONS[name], "noun": noun}
        return f"{name}({chosen.column(column.column)})"

    def kind(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.one(entity.kinds)
        fields["kind"] = noun_of(kind)
        return kind.column

    def parent(self, entity: Entity) -> tuple[Entity, str]:
        """The table that is referred to, and the join with it."""
        link = self.one(entity.links)
        parent = self.domain.entity(link.to)
        on = f"{entity.table}.{link.column} = {parent.table}.{parent.key}"
        return parent, f" JOIN {parent.table} ON {on}"

    def by_parent(self, entity: Entity, fields: dict[str, Any]) -> tuple[str, str]:
        """Column of the name of the referred table, and the join grouped by its key."""
        parent, join = self.parent(entity)
        name = name_column(parent)
        fields |= {"parent": parent.one, "parents": parent.many}
        fields |= {"label": label_of(parent), "labels": name.plural}
        grouped = f"FROM {entity.table}{join} GROUP BY {parent.table}.{parent.key}"
        return f"{parent.table}.{name.column}", grouped

    def name_of(self, entity: Entity) -> str:
        return str(self._value_of(entity, key_of(entity)))

    def _value_of(self, entity: Entity, column: str) -> Any:
        values = self.rows(
            f"SELECT {column} FROM {entity.table} WHERE {column} IS NOT NULL ORDER BY {entity.key}"
        )
        return self.one(values)[0]

    def one(self, choices: Sequence[T]) -> T:
        if not choices:
            raise RejectedSample
        return self.draw.choice(choices)


def name_column(entity: Entity) -> Name:
    if entity.name is None:
        raise RejectedSample
    return entity.name


def key_of(entity: Entity) -> str:
    """Column of the names of the rows."""
    return name_column(entity).column


def label_of(entity: Entity) -> str:
    return key_of(entity).replace("_", " ")


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
