"""Ground truth of multi-turn rows: calls written as Python, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from mentor_core.contracts.trajectory import Call

__all__ = ["parse_call"]


def parse_call(source: str, parameters: Mapping[str, Sequence[str]]) -> Call:
    """The call that `source` writes: `name(literal, …, key=literal, …)`.

    Args:
        source: one call; its arguments are literals.
        parameters: function → its parameters in order, which name positional arguments.

    Raises:
        ValueError: the source is no such call, or the function is unknown; says why.
    """
    try:
        node = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{source!r} is not Python: {error}") from None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ValueError(f"{source!r} is not the call of a function")
    name = node.func.id
    if name not in parameters:
        raise ValueError(f"{source!r} calls {name}, which is none of the functions")
    keys = parameters[name]
    if len(node.args) > len(keys):
        raise ValueError(f"{source!r} has {len(node.args)} arguments where {name} has {len(keys)}")
    arguments: dict[str, Any] = {}
    given = [*zip(keys, node.args, strict=False), *((k.arg, k.value) for k in node.keywords)]
    for key, value in given:
        if key is None or key in arguments:
            raise ValueError(f"{source!r}: arguments must be named once each")
        try:
            arguments[key] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            raise ValueError(f"{source!r}: argument {key!r} is not a literal") from None
    return Call(name, arguments)
