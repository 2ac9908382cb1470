"""Asker: draws questions on one built-in database, each with the query that answers it.

A question is kept only where its query's result is neither empty nor large, is no 0, 1 or NULL, and
where every right reading gives the same rows: whatever is ordered or is the largest has no ties.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mentor_envs.sql.phrases import PHRASES
from mentor_envs.sql.schema import Amount, Domain, Entity, Kind, Name, noun_of

__all__ = ["Asker", "Stuck"]

T = TypeVar("T")

_MOST_ROWS = 20
_TRIVIAL = ((0,), (1,), (None,))
_OPERATIONS = {"AVG": "average", "MIN": "lowest", "MAX": "highest", "SUM": "total"}
_ENDS = {"DESC": "highest", "ASC": "lowest"}
_NOT_ADDED = {"age", "year", "grade", "rating", "height", "experience", "employed"}


class Stuck(Exception):
    """This draw gives no good question. Draw again."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a table, perhaps joined with those it refers to, perhaps under conditions.

    Attributes:
        words: what a question says, after the rows' own noun.
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
class Asker:
    """Draws questions on one database."""

    domain: Domain
    connection: sqlite3.Connection
    draw: random.Random

    def ask(self) -> tuple[str, str, str]:
        """Kind, question and query.

        Raises:
            Stuck: this draw gives none.
        """
        kind = self.draw.choice(list(PHRASES))
        entity = self.draw.choice(self.domain.entities)
        fields: dict[str, Any] = {"one": entity.one, "many": entity.many}
        if entity.name is not None:
            fields |= {"label": _label(entity), "labels": entity.name.plural}
        sql = getattr(self, "_" + kind.replace(" ", "_"))(entity, fields)
        rows = self.rows(sql)
        if not 0 < len(rows) <= _MOST_ROWS or rows[0] in _TRIVIAL:
            raise Stuck
        return kind, self.draw.choice(PHRASES[kind]).format(**fields), sql

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    # The kinds of `PHRASES`; each fills the fields of its wordings and returns the query.

    def _count(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self._select(entity, fields)
        return f"SELECT COUNT(*) {chosen.body}"

    def _unknown(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self._one([amount for amount in entity.amounts if amount.gaps])
        fields["noun"] = noun_of(column)
        return f"SELECT COUNT(*) FROM {entity.table} WHERE {column.column} IS NULL"

    def _list(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self._select(entity, fields)
        return f"SELECT {chosen.column(_key(entity))} {chosen.body}"

    def _lookup(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self._one(entity.facts)
        name = self._name_of(entity)
        fields |= {"noun": noun_of(column), "name": name}
        return f"SELECT {column.column} FROM {entity.table} WHERE {_key(entity)} = {_quote(name)}"

    def _aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self._select(entity, fields)
        function = self._function(entity.amounts, fields, chosen)
        return f"SELECT {function} {chosen.body}"

    def _extreme(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self._select(entity, fields)
        return self._ordered(chosen, fields, 1)

    def _top(self, entity: Entity, fields: dict[str, Any]) -> str:
        fields["k"] = k = self.draw.randint(2, 5)
        return self._ordered(Selection(entity), fields, k)

    def _ranking(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self._select(entity, fields)
        return self._ordered(chosen, fields, None)

    def _group_count(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        return f"SELECT {kind}, COUNT(*) FROM {entity.table} GROUP BY {kind}"

    def _group_aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        function = self._function(entity.amounts, fields, Selection(entity))
        return f"SELECT {kind}, {function} FROM {entity.table} GROUP BY {kind}"

    def _having(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        counts = self.rows(f"SELECT COUNT(*) FROM {entity.table} GROUP BY {kind}")
        fields["n"] = n = self._threshold(counts)
        return f"SELECT {kind} FROM {entity.table} GROUP BY {kind} HAVING COUNT(*) > {n}"

    def _commonest(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        grouped = f"FROM {entity.table} GROUP BY {kind}"
        self._check_distinct(f"SELECT COUNT(*) {grouped} ORDER BY 1 DESC LIMIT 2")
        return f"SELECT {kind} {grouped} ORDER BY COUNT(*) DESC LIMIT 1"

    def _distinct(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        chosen = self._select(entity, fields)
        return f"SELECT COUNT(DISTINCT {chosen.column(kind)}) {chosen.body}"

    def _parent_lookup(self, entity: Entity, fields: dict[str, Any]) -> str:
        parent, join = self._parent(entity)
        column = self._one(parent.facts)
        name = self._name_of(entity)
        fields |= {"noun": noun_of(column), "parent": parent.one, "name": name}
        return (
            f"SELECT {parent.table}.{column.column} FROM {entity.table}{join} "
            f"WHERE {entity.table}.{_key(entity)} = {_quote(name)}"
        )

    def _parent_count(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self._by_parent(entity, fields)
        return f"SELECT {name}, COUNT(*) {grouped}"

    def _parent_aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self._by_parent(entity, fields)
        function = self._function(entity.amounts, fields, Selection(entity, joins=grouped))
        return f"SELECT {name}, {function} {grouped}"

    def _parent_most(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self._by_parent(entity, fields)
        self._check_distinct(f"SELECT COUNT(*) {grouped} ORDER BY 1 DESC LIMIT 2")
        return f"SELECT {name} {grouped} ORDER BY COUNT(*) DESC LIMIT 1"

    def _parent_having(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self._by_parent(entity, fields)
        fields["n"] = n = self._threshold(self.rows(f"SELECT COUNT(*) {grouped}"))
        return f"SELECT {name} {grouped} HAVING COUNT(*) > {n}"

    def _parent_none(self, entity: Entity, fields: dict[str, Any]) -> str:
        link = self._one(entity.links)
        parent = self.domain.entity(link.to)
        fields |= {"parents": parent.many, "labels": _name(parent).plural}
        return (
            f"SELECT {_key(parent)} FROM {parent.table} "
            f"WHERE {parent.key} NOT IN (SELECT {link.column} FROM {entity.table})"
        )

    def _above_average(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self._one(entity.amounts)
        fields["noun"] = noun_of(column)
        return (
            f"SELECT {_key(entity)} FROM {entity.table} "
            f"WHERE {column.column} > (SELECT AVG({column.column}) FROM {entity.table})"
        )

    def _alike(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._kind(entity, fields)
        fields["name"] = name = self._name_of(entity)
        key, quoted = _key(entity), _quote(name)
        return (
            f"SELECT {key} FROM {entity.table} WHERE {key} <> {quoted} "
            f"AND {kind} = (SELECT {kind} FROM {entity.table} WHERE {key} = {quoted})"
        )

    # What several kinds use ------------------------------------------------------------------

    def _select(self, entity: Entity, fields: dict[str, Any]) -> Selection:
        """Rows of `entity`: all, or a real part of them; `fields` learns what they are called."""
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
                raise Stuck
        return chosen

    def _where(self, entity: Entity, conditions: int, prefix: str = "") -> Selection:
        """One or two conditions on a table's own columns."""
        if len(entity.facts) < conditions:
            raise Stuck
        drawn = [
            self._condition(entity, column, prefix)
            for column in self.draw.sample(entity.facts, conditions)
        ]
        words = " and ".join(words for words, _ in drawn)
        return Selection(entity, where=" AND ".join(sql for _, sql in drawn), words=words)

    def _where_parent(self, entity: Entity) -> Selection:
        """A condition on the row that is referred to, or on the one that this refers to."""
        parent, joins = self._parent(entity)
        words = f"of {parent.many}"
        if parent.links and self.draw.random() < 0.5:
            parent, further = self._parent(parent)
            joins, words = joins + further, f"{words} of {parent.many}"
        if self.draw.random() < 0.5:
            name = self._name_of(parent)
            words = f"{words.removesuffix(parent.many)}the {parent.one} {name}"
            return Selection(
                entity, joins, f"{parent.table}.{_key(parent)} = {_quote(name)}", words
            )
        condition = self._where(parent, 1, f"{parent.table}.")
        return Selection(entity, joins, condition.where, f"{words} {condition.words}")

    def _condition(self, entity: Entity, column: Kind | Amount, prefix: str) -> tuple[str, str]:
        value = self._value_of(entity, column.column)
        name = prefix + column.column
        if isinstance(column, Kind):
            return f"whose {noun_of(column)} is {value}", f"{name} = {_quote(value)}"
        comparisons = {">": "above", "<": "below", ">=": "at least", "<=": "at most"}
        sign, words = self.draw.choice(list(comparisons.items()))
        return f"whose {noun_of(column)} is {words} {value}", f"{name} {sign} {value}"

    def _ordered(self, chosen: Selection, fields: dict[str, Any], limit: int | None) -> str:
        entity = chosen.entity
        column = self._one([amount for amount in entity.amounts if not amount.gaps])
        way, end = self.draw.choice(list(_ENDS.items()))
        fields |= {"noun": noun_of(column), "end": end}
        by = f"{chosen.column(column.column)} {way}"
        top = -1 if limit is None else limit + 1
        self._check_distinct(
            f"SELECT {chosen.column(column.column)} {chosen.body} ORDER BY {by} LIMIT {top}"
        )
        ending = "" if limit is None else f" LIMIT {limit}"
        return f"SELECT {chosen.column(_key(entity))} {chosen.body} ORDER BY {by}{ending}"

    def _check_distinct(self, sql: str) -> None:
        """There are two values or more, and no two of them are the same."""
        rows = self.rows(sql)
        if len(rows) < 2 or len(set(rows)) < len(rows):
            raise Stuck

    def _threshold(self, counts: list[tuple[int]]) -> int:
        """A number that some of the counts exceed and others do not."""
        values = sorted({count for (count,) in counts})
        return self._one([value for value in values[:-1] if value > 1])

    def _function(self, amounts: list[Amount], fields: dict[str, Any], chosen: Selection) -> str:
        column = self._one(amounts)
        noun = noun_of(column)
        names = [name for name in _OPERATIONS if name != "SUM" or not _NOT_ADDED & {*noun.split()}]
        name = self.draw.choice(names)
        fields |= {"operation": _OPERATIONS[name], "noun": noun}
        return f"{name}({chosen.column(column.column)})"

    def _kind(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self._one(entity.kinds)
        fields["kind"] = noun_of(kind)
        return kind.column

    def _parent(self, entity: Entity) -> tuple[Entity, str]:
        """The table that is referred to, and the join with it."""
        link = self._one(entity.links)
        parent = self.domain.entity(link.to)
        on = f"{entity.table}.{link.column} = {parent.table}.{parent.key}"
        return parent, f" JOIN {parent.table} ON {on}"

    def _by_parent(self, entity: Entity, fields: dict[str, Any]) -> tuple[str, str]:
        """Column of the name of what is referred to, and the join grouped by it."""
        parent, join = self._parent(entity)
        name = _name(parent)
        fields |= {"parent": parent.one, "parents": parent.many}
        fields |= {"label": _label(parent), "labels": name.plural}
        grouped = f"FROM {entity.table}{join} GROUP BY {parent.table}.{parent.key}"
        return f"{parent.table}.{name.column}", grouped

    def _name_of(self, entity: Entity) -> str:
        return str(self._value_of(entity, _key(entity)))

    def _value_of(self, entity: Entity, column: str) -> Any:
        values = self.rows(
            f"SELECT {column} FROM {entity.table} WHERE {column} IS NOT NULL ORDER BY {entity.key}"
        )
        return self._one(values)[0]

    def _one(self, choices: Sequence[T]) -> T:
        if not choices:
            raise Stuck
        return self.draw.choice(choices)


def _name(entity: Entity) -> Name:
    if entity.name is None:
        raise Stuck
    return entity.name


def _key(entity: Entity) -> str:
    """Column of the names of the rows."""
    return _name(entity).column


def _label(entity: Entity) -> str:
    return _key(entity).replace("_", " ")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
