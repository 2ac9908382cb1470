"""The rows of a built-in database, drawn from a seed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from functools import cache

from mentor_envs.sql.domains import TRAIN, UNSEEN
from mentor_envs.sql.schema import Amount, Entity, Kind, Link, Name

__all__ = ["build"]

_CHILDLESS = 0.15  # share of rows that no row of another table refers to


@cache
def build(name: str, seed: int) -> bytes:
    """A built-in database as the bytes of an SQLite file; the same for the same arguments.

    Raises:
        KeyError: there is no such database.
    """
    domain = (TRAIN | UNSEEN)[name]
    connection = sqlite3.connect(":memory:")
    try:
        rows: dict[str, int] = {}
        for entity in domain.entities:
            draw = random.Random(f"{seed}/{name}/{entity.table}")
            count = rows[entity.table] = draw.randint(*entity.rows)
            keys = {other.table: other.key for other in domain.entities}
            connection.execute(_create(entity, keys))
            columns = [_draw_column(column, draw, count, rows) for column in entity.columns]
            marks = ", ".join("?" * (len(columns) + 1))
            connection.executemany(
                f"INSERT INTO {entity.table} VALUES ({marks})",
                zip(range(1, count + 1), *columns, strict=True),
            )
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def _create(entity: Entity, keys: dict[str, str]) -> str:
    parts = [f"{entity.key} INTEGER PRIMARY KEY"]
    for column in entity.columns:
        match column:
            case Link():
                kind = f"INTEGER REFERENCES {column.to}({keys[column.to]})"
            case Amount():
                kind = "REAL" if column.decimals else "INTEGER"
            case _:
                kind = "TEXT"
        parts.append(f"{column.column} {kind}")
    return f"CREATE TABLE {entity.table} ({', '.join(parts)})"


def _draw_column(
    column: Name | Kind | Amount | Link, draw: random.Random, count: int, rows: dict[str, int]
) -> list[str | int | float | None]:
    one: Callable[[], str | int | float | None]
    match column:
        case Name():
            names = [f"{a} {b}" for a in column.firsts for b in column.seconds]
            return [*draw.sample(names, count)]
        case Kind():
            weights = [draw.uniform(1, 4) for _ in column.values]

            def one() -> str:
                return draw.choices(column.values, weights)[0]
        case Amount():

            def one() -> int | float | None:
                if draw.random() < column.gaps:
                    return None
                if column.decimals:
                    return round(draw.uniform(column.low, column.high), column.decimals)
                return draw.randint(column.low, column.high)
        case Link():
            total = rows[column.to]
            others = draw.sample(range(1, total + 1), round(total * (1 - _CHILDLESS)))

            def one() -> int:
                return draw.choice(others)

    return [one() for _ in range(count)]
