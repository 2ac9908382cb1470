"""Tool: a typed Python function that a policy can call.

The function's signature gives the JSON schema that the policy reads, and the validation of the
policy's arguments. The docstring gives the descriptions. If there is only a schema (an MCP
server's, a benchmark's), `Tool.from_schema` makes the tool. A call that cannot be carried out
raises a `ToolError` with an explanation, which the environment shows to the policy. Such a call
never raises in the rollout.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from mentor_core.support.errors import PluginError
from mentor_core.tools.arguments import make_model, publish, read, with_names
from mentor_core.tools.docstrings import summarise
from mentor_core.tools.refusals import explain, explain_schema
from mentor_core.tools.results import render_result

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
        name: the policy's name of the tool; the function's own name if not given.
        description: text for the policy; the docstring's first paragraph if not given.

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
        self.description = description or summarise(documentation)
        self.is_async = inspect.iscoroutinefunction(function)
        self._arguments = make_model(self.name, function, documentation)

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

        The arguments are validated against the schema and passed as they were sent, by keyword. An
        argument that `properties` does not list is refused, unless the schema allows more
        explicitly.

        Args:
            function: sync or async, called with the arguments.
            name: the policy's name of the tool.
            parameters: JSON schema of the arguments object.
            description: text for the policy.
            check: False passes any arguments on, for a function with checks of its own.

        Raises:
            PluginError: `parameters` is not a JSON schema of an object.
        """
        return _SchemaTool(function, name, parameters, description, check)

    def __repr__(self) -> str:
        return f"Tool({self.name}({', '.join(self.parameters.get('properties', {}))}))"

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """JSON schema of the arguments object."""
        return publish(self._arguments)

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

    def with_names(self, name: str, description: str, parameters: Mapping[str, str]) -> Tool:
        """A copy with the same schema and checks under other names, for `Renamed` to make callable.

        Args:
            parameters: name of each parameter → its other name.
        """
        made = copy(self)
        for cached in ("parameters", "schema"):
            vars(made).pop(cached, None)
        made.name, made.description = name, description
        made._arguments = with_names(self._arguments, parameters)
        return made

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments for the function.

        Arguments that fit `parameters` are taken, and become values of the annotated types. Types
        are strict, as JSON has them: "3" is not a number and true is not 1; 3.0 is an integer.

        Raises:
            ToolError: an argument is missing, unknown or does not fit; names it and a valid value.
        """
        try:
            return read(self._arguments, arguments)
        except ValidationError as error:
            known = list(self._arguments.model_fields)
            reason = explain(error, arguments, known)
            raise ToolError(f"{self.name}: {reason}") from None
        except (ValueError, RecursionError) as error:
            reason = str(error).partition("\n")[0]
            raise ToolError(f"{self.name}: the arguments are not JSON: {reason}") from None

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

    def with_names(self, name: str, description: str, parameters: Mapping[str, str]) -> Tool:
        schema = dict(self.parameters)
        properties = schema.get("properties", {})
        schema["properties"] = {parameters[key]: value for key, value in properties.items()}
        if "required" in schema:
            schema["required"] = [parameters.get(key, key) for key in schema["required"]]
        return _SchemaTool(self.function, name, schema, description, self._validator is not None)

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
            raise ToolError(f"{self.name}: {explain_schema(errors)}")
        return sent
