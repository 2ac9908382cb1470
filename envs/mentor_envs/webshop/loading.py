"""WebShop's own data files, read and checked.

- products: `items_shuffle.json` (an array; read piece by piece, as it may be larger than the
  memory), or the documents that were indexed, JSON lines `{"id", "contents", "product"}`;
- attributes: `items_ins_v2.json`, code → `{"attributes", "instruction", "instruction_attributes"}`;
- written instructions: `items_human_ins.json`, code → list of
  `{"instruction", "instruction_attributes", "instruction_options"}`.

All may be compressed (`.gz`). A broken row ends the loading with its file, row and key.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from io import TextIOBase
from itertools import chain, islice
from pathlib import Path
from typing import Any

from mentor_core.contracts.trajectory import open_text
from mentor_core.support.errors import DataError, nearest
from mentor_envs.rows import Row, show
from mentor_envs.webshop.catalogue import NO_PRICE, Catalogue, Product, Review, Written

__all__ = ["load_catalogue"]

_LONGEST_CODE = 10
_PIECE = 1 << 20  # characters
_NUMBER = re.compile(r"[^\d.]")
_BETWEEN = re.compile(r"[\s,]*")
_BROKEN = (OSError, EOFError, UnicodeDecodeError, zlib.error)


def load_catalogue(
    products: Path,
    attributes: Path | None = None,
    human_goals: Path | None = None,
    limit: int | None = None,
) -> Catalogue:
    """The catalogue of WebShop's files.

    As in WebShop, rows are skipped if the code has more than ten characters, is "nan" or was seen
    before. `limit` counts all rows.

    Args:
        products: the products file.
        attributes: the attributes file; without it, the attributes in the products' rows.
        human_goals: the file of written instructions.
        limit: number of rows to read; None reads all.

    Raises:
        DataError: a file cannot be read or has a broken row; names file, row and key.
    """
    known = _read_table(attributes, "an object: code → attributes") if attributes else {}
    written = _read_table(human_goals, "an object: code → instructions") if human_goals else {}
    found: dict[str, Product] = {}
    for row in islice(_rows(products), limit):
        code = _text(row, "asin")
        if code == "nan" or len(code) > _LONGEST_CODE or code.lower() in found:
            continue
        facts = _row(known[code], f"{attributes}: {code}") if code in known else None
        wishes = _wishes(written.get(code) or [], f"{human_goals}: {code}")
        found[code.lower()] = _product(row, code, facts, wishes)
    if not found:
        raise DataError(f"{products}: no product; expected WebShop's items or documents")
    return Catalogue(found.values())


def _product(row: Row, code: str, facts: Row | None, wishes: list[Row]) -> Product:
    bullets = _optional(row, "small_description", str | list, "a text or a list of texts")
    if isinstance(bullets, list):
        bullets = _texts(row, "small_description")
    attributes, name = (facts, "attributes") if facts else (row, "Attributes")
    instruction = _optional(facts, "instruction", str, "text") if facts else None
    return Product(
        code=code,
        title=_text(row, "name"),
        description=_optional(row, "full_description", str, "text") or "",
        bullets=(bullets,) if isinstance(bullets, str) else tuple(bullets or [""]),
        category=_text(row, "category"),
        query=_text(row, "query").lower().strip(),
        levels=_text(row, "product_category"),
        prices=_prices(row),
        options=_options(row),
        attributes=tuple(_texts(attributes, name)) if name in attributes.data else (),
        reviews=tuple(_reviews(row)),
        instruction=instruction,
        asked=tuple(_texts(facts, "instruction_attributes")) if facts and instruction else (),
        written=tuple(_written(wish) for wish in wishes),
    )


def _prices(row: Row) -> tuple[float, ...]:
    """Prices from text ("$3.99$12.50") or, in the documents, from numbers."""
    expected = "a price such as $9.99, or a list of numbers"
    given = _optional(row, "pricing", str | list, expected)
    if given is None:
        return NO_PRICE
    try:
        if isinstance(given, str):
            given = [_NUMBER.sub("", price) for price in given.split("$")[1:]]
        prices = tuple(float(price) for price in given[:2])
    except (ValueError, TypeError):
        prices = ()
    row.get("pricing", lambda _: bool(prices), expected)
    return prices


def _options(row: Row) -> Mapping[str, tuple[str, ...]]:
    given = _optional(row, "customization_options", dict, "an object: name → values") or {}
    options = {}
    for name, contents in given.items():
        if contents is None:
            continue
        where = f"{row.where}: customization_options: {name!r}"
        if not isinstance(contents, list):
            raise DataError(f"{where} must be a list of values, got {show(contents)}")
        values = [_text(_row(content, where), "value") for content in contents]
        options[name.lower()] = tuple(v.strip().replace("/", " | ").lower() for v in values)
    return options


def _reviews(row: Row) -> Iterator[Review]:
    for number, given in enumerate(_optional(row, "Reviews", list, "a list") or (), 1):
        review = _row(given, f"{row.where}: review {number}")
        title, body = (_optional(review, key, str, "text") or "" for key in ("title", "body"))
        score = _optional(review, "score", str | int | float, "a number or text")
        yield Review(title, str(score), body)


def _written(row: Row) -> Written:
    attributes, options = (_texts(row, f"instruction_{key}") for key in ("attributes", "options"))
    return Written(_text(row, "instruction"), tuple(attributes), tuple(options))


def _row(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected an object, got {show(value)}")
    return Row(where, 0, value)


def _wishes(values: Any, where: str) -> list[Row]:
    if not isinstance(values, list):
        raise DataError(f"{where}: expected a list of instructions, got {show(values)}")
    return [_row(value, f"{where}: instruction {n}") for n, value in enumerate(values, 1)]


def _text(row: Row, key: str) -> str:
    """A text, which may be empty."""
    return str(row.get(key, lambda value: isinstance(value, str), "text"))


def _texts(row: Row, key: str) -> list[str]:
    texts: list[str] = row.get(key, _are_texts, "a list of texts")
    return texts


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _optional(row: Row, key: str, types: Any, expected: str) -> Any:
    """The value of a key; None if it is missing, null, empty or 0."""
    if not row.data.get(key):
        return None
    return row.get(key, lambda v: isinstance(v, types) and not isinstance(v, bool), expected)


def _read_table(path: Path, expected: str) -> dict[str, Any]:
    try:
        with open_text(path) as file:
            table = json.load(file)
    except _BROKEN as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from None
    if not isinstance(table, dict):
        raise DataError(f"{path}: expected {expected}, got {show(table)}")
    return table


def _rows(path: Path) -> Iterator[Row]:
    """The products' rows, in either form.

    Raises:
        DataError: the file cannot be read, or is not JSON.
    """
    try:
        with open_text(path) as file:
            start = file.read(1)
            while start.isspace():
                start = file.read(1)
            if start == "[":
                for number, value in enumerate(_array(file, path), 1):
                    yield _row(value, f"{path}: row {number}")
                return
            number = 0
            for number, line in enumerate(chain([start + file.readline()], file), 1):
                if line.strip():
                    where = f"{path}:{number}"
                    document = _row(_parse(line, where), where)
                    if "product" not in document.data:
                        raise DataError(
                            f"{where}: no key 'product'{nearest('product', document.data)}"
                        )
                    yield _row(document.data["product"], where)
    except _BROKEN as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from None


def _array(file: TextIOBase, path: Path) -> Iterator[Any]:
    """The elements of a JSON array whose `[` has been read, piece by piece."""
    decoder, text, at, number = json.JSONDecoder(), "", 0, 1
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith("]", at):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            text, at = text[at:], 0
            piece = file.read(max(_PIECE, len(text)))  # a long row is read in few tries
            if not piece:
                raise DataError(f"{path}: row {number}: not JSON: {error}") from None
            text += piece
        else:
            yield value
            number += 1
