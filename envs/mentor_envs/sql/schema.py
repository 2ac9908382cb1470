"""The language in which the built-in databases are described (see `domains.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Amount", "Domain", "Entity", "Kind", "Link", "Name", "noun_of"]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a row; no two rows have the same.

    Attributes:
        firsts, seconds: the parts of which names are composed.
        plural: a question's word for several names.
    """

    column: str
    plural: str
    firsts: Sequence[str]
    seconds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A text column with few values, by which rows are filtered and grouped.

    Attributes:
        noun: a question's word for the column; empty: the column's name.
    """

    column: str
    values: Sequence[str]
    noun: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A column of numbers.

    Attributes:
        low, high: range of the values, inclusive.
        decimals: digits after the point; 0 makes it a whole number.
        noun: as for `Kind`.
        gaps: share of the rows with an unknown value (NULL).
    """

    column: str
    low: int
    high: int
    decimals: int = 0
    noun: str = ""
    gaps: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to a row of another table; some rows there are never referred to.

    Attributes:
        to: the other table.
    """

    column: str
    to: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A table.

    Attributes:
        one, many: a question's words for a row, and for several.
        key: column of the primary key, whole numbers from 1.
        rows: number of rows, smallest and largest.
    """

    table: str
    one: str
    many: str
    key: str
    rows: tuple[int, int]
    columns: tuple[Name | Kind | Amount | Link, ...]

    @property
    def name(self) -> Name | None:
        return next((column for column in self.columns if isinstance(column, Name)), None)

    @property
    def kinds(self) -> list[Kind]:
        return [column for column in self.columns if isinstance(column, Kind)]

    @property
    def amounts(self) -> list[Amount]:
        return [column for column in self.columns if isinstance(column, Amount)]

    @property
    def facts(self) -> list[Kind | Amount]:
        return [*self.kinds, *self.amounts]

    @property
    def links(self) -> list[Link]:
        return [column for column in self.columns if isinstance(column, Link)]


@dataclass(frozen=True, slots=True)
class Domain:
    """A database: its tables, each after the tables that it refers to."""

    name: str
    entities: tuple[Entity, ...]

    def entity(self, table: str) -> Entity:
        """The entity of a table; KeyError if there is none."""
        return {entity.table: entity for entity in self.entities}[table]


def noun_of(column: Kind | Amount) -> str:
    """A question's word for the column."""
    return column.noun or column.column.replace("_", " ")
