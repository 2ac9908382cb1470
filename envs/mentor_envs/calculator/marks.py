"""From the marks of a worked solution to a chain of calls.

GSM8K (arXiv 2110.14168) writes its calculations as `<<48/2=24>>`. Each mark's left side becomes
calls in the order of evaluation. A number that an earlier call has produced becomes a reference to
this call, and every right side is checked. If the marks end before the answer, plain equations in
the following text ("48+24 = 72") are read the same way.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mentor_envs.calculator.chain import ZERO, Chain, Quantity, number
from mentor_envs.mathematics import equal_answers

__all__ = ["NoReference", "Reason", "convert"]

Reason = Literal[
    "no calculation",  # neither a mark nor an equation that computes something
    "not arithmetic",  # a mark that is no arithmetic expression and its value
    "refused by a tool",  # a division by zero, say
    "wrong result",  # a mark whose right side is not what its left side gives
    "other answer",  # the last result is not the answer
]

_MARK = re.compile(r"<<([^<>]*)>>")
_EQUATION = re.compile(
    r"(?<![A-Za-z0-9.])(?P<left>[-(]*[$0-9.][-0-9.,$%()+*/x×÷–− ]*)"
    r"=\s*(?P<right>-?\$?[0-9][0-9.,]*)"
    r"(?!\s*[-+*/x×÷%0-9A-Za-z(]*=)"
)
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Mod: "modulo",
    ast.Pow: "power",
}


class NoReference(Exception):
    """A solution that cannot be turned into a chain of calls.

    Attributes:
        reason: the category; the message names the place.
    """

    def __init__(self, reason: Reason, where: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}: {where}")


def convert(solution: str, answer: str) -> Chain:
    """The chain of calls that a worked solution describes; its last result is the answer.

    Args:
        solution: text with marks.
        answer: the final answer.

    Raises:
        NoReference: there is no such chain; says why.
    """
    reader = _Reader()
    for mark in _MARK.findall(solution):
        reader.read(mark)
    if not reader.answers(answer):
        *_, rest = _MARK.split(solution)
        for left, right in _equations(rest):
            try:
                reader.read(f"{left}={right}")
            except NoReference:  # text is not a mark: it may mean something else
                continue
    if not reader.chain.steps:
        raise NoReference("no calculation", "the solution marks none")
    if not reader.answers(answer):
        raise NoReference("other answer", f"ends with {reader.last.value:g}, not {answer}")
    return reader.chain


def _equations(text: str) -> Iterator[tuple[str, str]]:
    for match in _EQUATION.finditer(text):
        left = match["left"].strip().translate(str.maketrans("x×÷–−", "**/--"))
        if re.search(r"[-+*/]", left.lstrip("-")):
            yield left, match["right"].rstrip(".,")


@dataclass(slots=True)
class _Reader:
    """Reads marks one by one.

    Attributes:
        known: value → the latest result with this value, as computed and as stated in the marks.
        last: result of the last call.
    """

    chain: Chain = field(default_factory=Chain)
    known: dict[str, Quantity] = field(default_factory=dict)
    last: Quantity = ZERO

    def answers(self, answer: str) -> bool:
        """True if the last result is the answer."""
        value = str(number(self.last.value))
        return bool(self.chain.steps) and equal_answers(value, answer) is True

    def read(self, mark: str) -> None:
        """Append the calls of `expression=value`.

        Raises:
            NoReference: the mark has another form, or is not true; the chain stays unchanged.
        """
        left, _, right = mark.rpartition("=")
        steps, known = len(self.chain.steps), dict(self.known)
        try:
            stated = float(re.sub(r"[$, ]", "", right))
            result = self._evaluate(ast.parse(_plain(left), mode="eval").body)
            if abs(result.value - stated) > _tolerance(right, stated):
                raise NoReference("wrong result", f"<<{mark}>> gives {result.value:g}")
        except (NoReference, SyntaxError, ValueError, RecursionError) as error:
            del self.chain.steps[steps:]
            self.known = known
            if isinstance(error, NoReference):
                raise
            raise NoReference("not arithmetic", f"<<{mark}>>") from None
        if len(self.chain.steps) > steps:
            self.known[_key(stated)] = result
            self.last = result

    def _evaluate(self, node: ast.expr) -> Quantity:
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.known.get(_key(value), Quantity(float(value), number(float(value))))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._evaluate(operand)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return self.known.get(_key(-value), Quantity(-float(value), number(-float(value))))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._call("subtract", a=0, b=self._evaluate(operand))
            case ast.BinOp(op=ast.Add()) if len(terms := _terms(node)) > 2:
                return self._call("sum_numbers", numbers=[self._evaluate(term) for term in terms])
            case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                quotient = self._call("divide", a=self._evaluate(left), b=self._evaluate(right))
                return self._call("floor", x=quotient)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                base, exponent = self._evaluate(left), self._evaluate(right)
                return self._call("power", base=base, exponent=exponent)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                name = _OPERATORS[type(operator)]
                return self._call(name, a=self._evaluate(left), b=self._evaluate(right))
            case _:
                raise NoReference("not arithmetic", ast.unparse(node))

    def _call(self, name: str, **arguments: Quantity | float | list[Quantity]) -> Quantity:
        try:
            result = self.chain.call(name, **arguments)
        except ValueError as error:
            raise NoReference("refused by a tool", str(error)) from None
        self.known[_key(result.value)] = result
        return result


def _terms(node: ast.expr) -> list[ast.expr]:
    """The terms of a sum, in order."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _terms(node.left) + _terms(node.right)
    return [node]


def _plain(expression: str) -> str:
    """The expression in Python's syntax: no currency, no separators, 30% as (30/100)."""
    expression = re.sub(r"[$,]", "", expression).strip()
    expression = re.sub(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)%(?!\s*[0-9(])", r"(\1/100)", expression)
    return re.sub(r"(?<![0-9.])0+(?=[0-9])", "", expression)


def _tolerance(text: str, stated: float) -> float:
    """Half a unit of the last stated decimal; 0 for whole numbers."""
    decimals = len(text.strip().partition(".")[2])
    return 0.501 * 10.0**-decimals if decimals else 1e-6 + 1e-9 * abs(stated)


def _key(value: float) -> str:
    return f"{value:.9g}"
