"""Expert: solves an item that is an arithmetic expression, with the calculator's tools.

The package gives answers, but no solutions of most items. If an item's metadata has the expression
(`chain_sum`, `basic_arithmetic`, …), its operations are the solution.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Sequence
from typing import Any

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.trajectory import Call

__all__ = ["operations", "play"]

_TOOLS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}
_KNOWN = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.USub, *_TOOLS)


def operations(expression: str) -> int | None:
    """Number of operations in an expression; None if it is no sum, product or the like."""
    try:
        nodes = list(ast.walk(ast.parse(expression, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not all(isinstance(node, _KNOWN) for node in nodes):
        return None
    if any(isinstance(node, ast.Constant) and not _is_number(node.value) for node in nodes):
        return None
    return sum(isinstance(node, ast.BinOp) for node in nodes) or None


def play(expression: str) -> Expert:
    """One operation a turn, the innermost first, then the answer.

    Args:
        expression: one that has `operations`.
    """
    answer = yield from _value(ast.parse(expression, mode="eval").body)
    yield f"Answer: {answer}", []


_Turns = Generator[tuple[str, Sequence[Call]], Sequence[Call], str]


def _value(node: Any) -> _Turns:
    """The value as text: the last call's result, or the number as it is written."""
    match node:
        case ast.UnaryOp(operand=operand):
            value = yield from _value(operand)
            return value[1:] if value.startswith("-") else f"-{value}"
        case ast.BinOp(left=left, op=op, right=right):
            first = yield from _value(left)
            second = yield from _value(right)
            arguments = {"a": _number(first), "b": _number(second)}
            (call,) = yield "", [Call(_TOOLS[type(op)], arguments)]
            return call.result
    return str(node.value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> int | float | str:
    """A number as the tools take it; other text is passed on, and the tool refuses it."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
