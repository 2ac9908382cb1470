"""Asker: draws questions on one built-in database, each with its query.

A question is kept only if its query's result is neither empty nor large, and is no 0, 1 or NULL.
Every right reading must give the same rows: orders and maxima have no ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mentor_envs.sql.choices import (
    Choices,
    RejectedSample,
    Selection,
    key_of,
    label_of,
    name_column,
    quote,
)
from mentor_envs.sql.phrases import PHRASES
from mentor_envs.sql.schema import Entity, noun_of

__all__ = ["Asker"]

_MOST_ROWS = 20
_TRIVIAL = ((0,), (1,), (None,))


@dataclass(slots=True)
class Asker(Choices):
    """Draws questions on one database.

    Attributes:
        wordings: kind of question → possible wordings.
    """

    wordings: Mapping[str, Sequence[str]] = field(default_factory=lambda: PHRASES)

    def ask(self) -> tuple[str, str, str]:
        """Kind, question and query.

        Raises:
            RejectedSample: this draw gives no question.
        """
        kind = self.draw.choice(list(PHRASES))
        entity = self.draw.choice(self.domain.entities)
        fields: dict[str, Any] = {"one": entity.one, "many": entity.many}
        if entity.name is not None:
            fields |= {"label": label_of(entity), "labels": entity.name.plural}
        sql = getattr(self, "_" + kind.replace(" ", "_"))(entity, fields)
        rows = self.rows(sql)
        if not 0 < len(rows) <= _MOST_ROWS or rows[0] in _TRIVIAL:
            raise RejectedSample
        return kind, self.draw.choice(self.wordings[kind]).format(**fields), sql

    # The kinds of `PHRASES`; each fills the fields of its wordings and returns the query.

    def _count(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self.select(entity, fields)
        return f"SELECT COUNT(*) {chosen.body}"

    def _unknown(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self.one([amount for amount in entity.amounts if amount.gaps])
        fields["noun"] = noun_of(column)
        return f"SELECT COUNT(*) FROM {entity.table} WHERE {column.column} IS NULL"

    def _list(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self.select(entity, fields)
        return f"SELECT {chosen.column(key_of(entity))} {chosen.body}"

    def _lookup(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self.one(entity.facts)
        name = self.name_of(entity)
        fields |= {"noun": noun_of(column), "name": name}
        return f"SELECT {column.column} FROM {entity.table} WHERE {key_of(entity)} = {quote(name)}"

    def _aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self.select(entity, fields)
        function = self.function(entity.amounts, fields, chosen)
        return f"SELECT {function} {chosen.body}"

    def _extreme(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self.select(entity, fields)
        return self.ordered(chosen, fields, 1)

    def _top(self, entity: Entity, fields: dict[str, Any]) -> str:
        fields["k"] = k = self.draw.randint(2, 5)
        return self.ordered(Selection(entity), fields, k)

    def _ranking(self, entity: Entity, fields: dict[str, Any]) -> str:
        chosen = self.select(entity, fields)
        return self.ordered(chosen, fields, None)

    def _group_count(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        return f"SELECT {kind}, COUNT(*) FROM {entity.table} GROUP BY {kind}"

    def _group_aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        function = self.function(entity.amounts, fields, Selection(entity))
        return f"SELECT {kind}, {function} FROM {entity.table} GROUP BY {kind}"

    def _having(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        counts = self.rows(f"SELECT COUNT(*) FROM {entity.table} GROUP BY {kind}")
        fields["n"] = n = self.threshold(counts)
        return f"SELECT {kind} FROM {entity.table} GROUP BY {kind} HAVING COUNT(*) > {n}"

    def _commonest(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        grouped = f"FROM {entity.table} GROUP BY {kind}"
        self.check_distinct(f"SELECT COUNT(*) {grouped} ORDER BY 1 DESC LIMIT 2")
        return f"SELECT {kind} {grouped} ORDER BY COUNT(*) DESC LIMIT 1"

    def _distinct(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        chosen = self.select(entity, fields)
        return f"SELECT COUNT(DISTINCT {chosen.column(kind)}) {chosen.body}"

    def _parent_lookup(self, entity: Entity, fields: dict[str, Any]) -> str:
        parent, join = self.parent(entity)
        column = self.one(parent.facts)
        name = self.name_of(entity)
        fields |= {"noun": noun_of(column), "parent": parent.one, "name": name}
        return (
            f"SELECT {parent.table}.{column.column} FROM {entity.table}{join} "
            f"WHERE {entity.table}.{key_of(entity)} = {quote(name)}"
        )

    def _parent_count(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self.by_parent(entity, fields)
        return f"SELECT {name}, COUNT(*) {grouped}"

    def _parent_aggregate(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self.by_parent(entity, fields)
        function = self.function(entity.amounts, fields, Selection(entity, joins=grouped))
        return f"SELECT {name}, {function} {grouped}"

    def _parent_most(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self.by_parent(entity, fields)
        self.check_distinct(f"SELECT COUNT(*) {grouped} ORDER BY 1 DESC LIMIT 2")
        return f"SELECT {name} {grouped} ORDER BY COUNT(*) DESC LIMIT 1"

    def _parent_having(self, entity: Entity, fields: dict[str, Any]) -> str:
        name, grouped = self.by_parent(entity, fields)
        fields["n"] = n = self.threshold(self.rows(f"SELECT COUNT(*) {grouped}"))
        return f"SELECT {name} {grouped} HAVING COUNT(*) > {n}"

    def _parent_none(self, entity: Entity, fields: dict[str, Any]) -> str:
        link = self.one(entity.links)
        parent = self.domain.entity(link.to)
        fields |= {"parents": parent.many, "labels": name_column(parent).plural}
        return (
            f"SELECT {key_of(parent)} FROM {parent.table} "
            f"WHERE {parent.key} NOT IN (SELECT {link.column} FROM {entity.table})"
        )

    def _above_average(self, entity: Entity, fields: dict[str, Any]) -> str:
        column = self.one(entity.amounts)
        fields["noun"] = noun_of(column)
        return (
            f"SELECT {key_of(entity)} FROM {entity.table} "
            f"WHERE {column.column} > (SELECT AVG({column.column}) FROM {entity.table})"
        )

    def _alike(self, entity: Entity, fields: dict[str, Any]) -> str:
        kind = self.kind(entity, fields)
        fields["name"] = name = self.name_of(entity)
        key, quoted = key_of(entity), quote(name)
        return (
            f"SELECT {key} FROM {entity.table} WHERE {key} <> {quoted} "
            f"AND {kind} = (SELECT {kind} FROM {entity.table} WHERE {key} = {quoted})"
        )
