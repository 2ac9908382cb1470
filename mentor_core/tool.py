"""Tool: a typed Python function that a policy can call.

The function's signature gives the JSON schema that the policy reads and the validation of the
arguments that the policy sends; its docstring gives the descriptions. Where only a schema is
at hand (an MCP server's, a benchmark's), `Tool.from_schema` makes the tool from that. A call
that cannot be carried out is a `ToolError` with an explanation, which the environment shows to
the policy: it is never an exception in the rollout.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from mentor_core.errors import PluginError, nearest

__all__ = ["Tool", "ToolError", "render_result"]

_OPENING = {"$ref", "additionalProperties", "allOf", "anyOf", "oneOf", "patternProperties"}
"""Keys of a schema by which an object may have properties that `properties` does not list."""


class ToolError(Exception):
    """Raised by a tool function to tell the policy that the call could not be carried out."""


class Tool:
    """A function, its name, its description and its parameters.

    Args:
        function: a function whose parameters are all annotated; `async def` is welcome. It
            may raise `ToolError` (or ValueError, ArithmeticError, LookupError) to refuse.
        name: what the policy calls it; the function's own name if not given.
        description: what the policy reads; the docstring's first paragraph if not given.

    Raises:
        PluginError: a parameter has no annotation, or is positional-only or variadic.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        self.function = function
        self.name = name or str(getattr(function, "__name__", "tool"))
        documentation = inspect.getdoc(function) or ""
        self.description = description or " ".join(documentation.split("\n\n")[0].split())
        self.is_async = inspect.iscoroutinefunction(function)
        self._arguments = _arguments_model(self.name, function, documentation)

    @staticmethod
    def from_schema(
        function: Callable[..., Any],
        *,
        name: str,
        parameters: Mapping[str, Any],
        description: str = "",
        check: bool = True,
    ) -> Tool:
        """A tool whose arguments a JSON schema describes, and not the function's annotations.

        The arguments are validated against the schema and passed as they were sent, by keyword.
        One that `properties` does not list is refused where the schema leaves that open.

        Args:
            function: sync or async, called with the arguments.
            name: what the policy calls it.
            parameters: JSON schema of the arguments object.
            description: what the policy reads.
            check: False passes any arguments on, for a function that refuses what it cannot take.

        Raises:
            PluginError: `parameters` is not a JSON schema of an object.
        """
        return _SchemaTool(function, name, parameters, description, check)

    def __repr__(self) -> str:
        return f"Tool({self.name}({', '.join(self.parameters.get('properties', {}))}))"

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """JSON schema of the arguments object."""
        schema = self._arguments.model_json_schema()
        for value in [schema, *schema.get("properties", {}).values()]:
            value.pop("title", None)
        schema.pop("additionalProperties", None)
        return schema

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tool as chat templates and OpenAI-compatible servers expect it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": self.parameters,
            },
        }

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments for the function.

        Types are strict, as JSON has them: "3" is not a number and true is not 1.

        Raises:
            ToolError: an argument is missing, unknown or of the wrong type; says which.
        """
        try:
            model = self._arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolError(self._explain(error)) from None
        return {name: getattr(model, name) for name in self._arguments.model_fields}

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Validate and call. Returns what the function returns (a coroutine if async).

        Raises:
            ToolError: the arguments do not fit, or the function refused them.
        """
        keywords = self.validate(arguments)
        if self.is_async:
            return self._call_async(keywords)
        try:
            return self.function(**keywords)
        except (ValueError, ArithmeticError, LookupError) as error:
            raise ToolError(str(error) or type(error).__name__) from error
        except SystemExit as error:
            raise ToolError(f"{self.name} tried to end the program") from error

    async def _call_async(self, keywords: dict[str, Any]) -> Any:
        try:
            result: Awaitable[Any] = self.function(**keywords)
            return await result
        except (ValueError, ArithmeticError, LookupError) as error:
            raise ToolError(str(error) or type(error).__name__) from error
        except SystemExit as error:
            raise ToolError(f"{self.name} tried to end the program") from error

    def _explain(self, error: ValidationError) -> str:
        known = list(self._arguments.model_fields)
        parts = []
        for item in error.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in item["loc"])
            match item["type"]:
                case "missing":
                    parts.append(f"argument {where!r} is missing")
                case "extra_forbidden":
                    parts.append(f"unknown argument {where!r}{nearest(where, known)}")
                case _:
                    parts.append(f"argument {where!r}: {item['msg'].lower()}")
        return f"{self.name}: " + "; ".join(parts)


class _SchemaTool(Tool):
    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        parameters: Mapping[str, Any],
        description: str,
        check: bool,
    ) -> None:
        from jsonschema import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        self.function, self.name, self.description = function, name, description
        self.is_async = inspect.iscoroutinefunction(function)
        self.parameters = dict(parameters)
        checked = self.parameters
        if checked.get("type") != "object":
            raise PluginError(f"tool {name!r}: the type of its parameters is not object")
        if _OPENING.isdisjoint(checked):
            checked = {"properties": {}, **checked, "additionalProperties": False}
        make_validator = validator_for(checked, default=Draft202012Validator)
        try:
            make_validator.check_schema(checked)
        except SchemaError as error:
            where = ".".join(map(str, error.path)) or "parameters"
            raise PluginError(f"tool {name!r}: {where}: {error.message}") from None
        # A registry of its own: a `$ref` must not fetch anything from the network.
        self._validator = make_validator(checked, registry=Registry()) if check else None

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        from referencing.exceptions import Unresolvable

        sent = dict(arguments)
        if self._validator is None:
            return sent
        try:
            errors = list(self._validator.iter_errors(sent))
        except (Unresolvable, re.error, ValueError, ArithmeticError, RecursionError) as error:
            raise ToolError(f"{self.name}: the arguments cannot be checked: {error}") from error
        if errors:
            problems = dict.fromkeys(line for error in errors for line in _explain_schema(error))
            raise ToolError(f"{self.name}: {'; '.join(problems)}")
        return sent


def _explain_schema(error: Any) -> list[str]:
    """What is wrong with the arguments, from a `jsonschema.ValidationError`."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"argument {'.'.join([*path, key])!r} is missing" for key in missing]
    if error.validator == "additionalProperties" and "patternProperties" not in error.schema:
        known = list(error.schema.get("properties", ()))
        unknown = [key for key in error.instance if key not in known]
        return [
            f"unknown argument {'.'.join([*path, key])!r}{nearest(key, known)}" for key in unknown
        ]
    return [f"argument {'.'.join(path)!r}: {textwrap.shorten(error.message, 200)}"]


def render_result(value: Any) -> str:
    """What the policy reads of a tool's return value: text as it is, all else as JSON.

    Whole floats are written without the decimal point, as a calculator would.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _arguments_model(
    name: str, function: Callable[..., Any], documentation: str
) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    described = dict(re.findall(r"^\s+(\w+)(?: \([^)]*\))?: (.+)$", documentation, re.MULTILINE))
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PluginError(f"tool {name!r}: parameter {parameter} cannot be passed by name")
        if parameter.name not in hints:
            raise PluginError(f"tool {name!r}: parameter {parameter.name!r} has no type")
        default = ... if parameter.default is parameter.empty else parameter.default
        info = Field(default, description=described.get(parameter.name))
        fields[parameter.name] = (hints[parameter.name], info)
    config = ConfigDict(extra="forbid", strict=True)
    return create_model(f"{name}_arguments", __config__=config, **fields)
