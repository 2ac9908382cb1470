"""BFCL's rules for right calls: the AST check of its single-turn Python categories.

The verdicts are those of the checker of BFCL v4 (`bfcl_eval`, Apache-2.0), its oddities
included; `benchmarks/bfcl_agreement.py` counts how far they agree. The rules:

- There are as many calls as in the answer. Each call of the answer, in order, takes the first
  remaining call that fits, so calls may come in any order. An answer without calls is right if
  nothing is called.
- The function's name is the same. No required argument is missing, and no argument is outside the
  schema or the answer. An argument left out has `""` among its acceptable values.
- A value has the schema's type: true is not 1; 2 passes for a float, 2.0 not for an integer.
  A value of the same type as the first acceptable one passes also (a variable's name, say).
- A value is one of the acceptable ones. Strings are compared without ` ,./-_*^`, in lower case and
  with `'` as `"`, also in lists and objects. Lists are compared in order. Objects are compared key
  by key, and each key has acceptable values of its own.

Unlike upstream's, this check raises on no call, whatever its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mentor_core.contracts.trajectory import Call

__all__ = ["Verdict", "check_calls", "example_arguments", "standardise"]

_TYPES: dict[str, type[Any]] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
    # the names that JSON schema has for them
    "number": float,
    "object": dict,
}
_FLOATS = ("float", "number")
_LISTS = ("array", "tuple")
_IGNORED = re.compile(r"[ ,./\-_*^]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on calls: right, or wrong with the reason."""

    valid: bool
    reason: str = ""


_RIGHT = Verdict(True)


def check_calls(
    calls: Sequence[Call],
    functions: Sequence[Mapping[str, Any]],
    acceptable: Sequence[Mapping[str, Mapping[str, Sequence[Any]]]],
) -> Verdict:
    """Check calls as BFCL does.

    Args:
        calls: the calls made; only names and arguments count.
        functions: the functions to call, each with `name` and `parameters` (a schema whose types
            are BFCL's or JSON schema's).
        acceptable: BFCL's `ground_truth`: one {name: {argument: acceptable values}} for each wanted
            call; `""` is among the values if the argument may be left out.
    """
    if len(calls) != len(acceptable):
        return Verdict(False, f"{len(calls)} calls where {len(acceptable)} are right")
    left = list(range(len(calls)))
    for answer in acceptable:
        reasons = []
        for index in left:
            verdict = _check_call(calls[index], functions, answer)
            if verdict.valid:
                left.remove(index)
                break
            reasons.append(verdict.reason)
        else:
            if len(acceptable) == 1:
                return Verdict(False, reasons[0])
            return Verdict(False, f"no call fits {', '.join(answer)}: {'; '.join(reasons)}")
    return _RIGHT


def example_arguments(wanted: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Right arguments: the first acceptable value of each; an argument without one is left out.

    Args:
        wanted: argument → acceptable values, as in an answer.
    """
    given = {key: [value for value in values if value != ""] for key, values in wanted.items()}
    return {key: _example(values[0]) for key, values in given.items() if values}


def standardise(text: str) -> str:
    """The text as BFCL compares it."""
    return _IGNORED.sub("", text).lower().replace("'", '"')


def _example(acceptable: Any) -> Any:
    """A plain value for an acceptable one."""
    if isinstance(acceptable, list):
        return [_chosen(item) for item in acceptable]
    return _chosen(acceptable)


def _chosen(acceptable: Any) -> Any:
    """A plain object for one whose keys hold lists of acceptable values."""
    if not isinstance(acceptable, dict):
        return acceptable
    found = {key: v[0] if isinstance(v, list) and v else v for key, v in acceptable.items()}
    return {key: value for key, value in found.items() if value != ""}


def _check_call(
    call: Call,
    functions: Sequence[Mapping[str, Any]],
    answer: Mapping[str, Mapping[str, Sequence[Any]]],
) -> Verdict:
    ((name, wanted),) = answer.items()
    if call.name != name:
        return Verdict(False, f"{call.name} is called, not {name}")
    function = next((f for f in functions if f.get("name") == name), None)
    if function is None:
        return Verdict(False, f"{name} is not among the functions")
    schema = function.get("parameters") or {}
    properties = schema.get("properties") or {}
    for parameter in schema.get("required") or ():
        if parameter not in call.arguments:
            return Verdict(False, f"{name}: required argument {parameter!r} is missing")
    for parameter, value in call.arguments.items():
        if parameter not in properties or parameter not in wanted:
            return Verdict(False, f"{name}: unexpected argument {parameter!r}")
        problem = _check_value(value, properties[parameter], wanted[parameter])
        if problem:
            return Verdict(False, f"{name}: argument {parameter!r}: {problem}")
    for parameter, values in wanted.items():
        if parameter not in call.arguments and "" not in values:
            return Verdict(False, f"{name}: argument {parameter!r} is missing, and not optional")
    return _RIGHT


def _check_value(value: Any, schema: Mapping[str, Any], acceptable: Sequence[Any]) -> str:
    """The fault of a value; empty if there is none."""
    described = schema.get("type")
    expected = _TYPES.get(described) if isinstance(described, str) else None
    if expected is None:
        return f"the schema's type {described!r} is not one of BFCL's"
    items = None
    if described in _LISTS:
        items = _TYPES.get((schema.get("items") or {}).get("type", ""))
    if described in _FLOATS and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            return f"{value} is not a float"
    variable = _type_fits(value, acceptable, expected, items)
    if variable is None:
        return f"{value!r} is not of type {described}"
    if not variable and expected is dict:
        fits = any(_object_fits(value, answer) for answer in acceptable)
    elif not variable and expected is list and items is dict:
        fits = any(_objects_fit(value, answer) for answer in acceptable)
    elif not variable and expected is str:
        fits = standardise(value) in [standardise(a) for a in acceptable if isinstance(a, str)]
    elif not variable and expected is list:
        fits = _flat(value) in [_flat(a) for a in acceptable if isinstance(a, list | str)]
    else:
        fits = value in acceptable
    return "" if fits else f"{value!r} is not one of {list(acceptable)!r}"


def _type_fits(
    value: Any, acceptable: Sequence[Any], expected: type[Any], items: type[Any] | None
) -> bool | None:
    """None if the type is wrong; else true if the value stands for a variable.

    A variable is a value, or has an answer, of another type than the schema's.
    """
    answer_type = next((type(answer) for answer in acceptable if answer != ""), None)
    if type(value) is expected:
        if items is None or any(_items_fit(value, answer, items) for answer in acceptable):
            return answer_type not in (None, expected)
    elif answer_type is type(value):
        return True
    return None


def _items_fit(value: Sequence[Any], answer: Any, items: type) -> bool:
    if not isinstance(answer, list):
        return True
    return all(_type_fits(item, answer, items, None) is not None for item in value)


def _object_fits(value: Any, answer: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(answer, dict):
        return False
    for key, item in value.items():
        if _plain(item) not in _flat(answer.get(key, [])):
            return False
    return all(key in value or "" in values for key, values in answer.items())


def _objects_fit(value: Any, answer: Any) -> bool:
    if not isinstance(answer, list | str) or len(value) != len(answer):
        return False
    return all(map(_object_fits, value, answer))


def _plain(value: Any) -> Any:
    return standardise(value) if isinstance(value, str) else value


def _flat(value: Any) -> list[Any]:
    """A list whose strings are standardised, but not the strings of lists inside."""
    return [_plain(item) for item in value]
