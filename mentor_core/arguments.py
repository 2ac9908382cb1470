"""Arguments of typed functions: the JSON schema that is published, and what a call must keep to.

Both come from one pydantic model, read in strict JSON mode: whatever fits the schema is taken,
and becomes the Python value that the annotation says. Annotations whose schema would promise what
no call can keep are refused when the tool is made.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from textwrap import shorten
from types import SimpleNamespace
from typing import Any, Optional, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema, to_json

from mentor_core.docstrings import describe_parameters
from mentor_core.errors import PluginError
from mentor_core.results import plain

__all__ = ["make_model", "publish", "read"]

_CONFIG = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    regex_engine="python-re",  # pydantic's own reads `$` and `(?=` otherwise than JSON schemas do
)
_INTEGER = r"^(0|-?[1-9][0-9]*)$"
_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$"


def make_model(name: str, function: Callable[..., Any], documentation: str) -> type[BaseModel]:
    """The model of a function's arguments.

    Args:
        name: the tool's name, for messages.
        function: all its parameters are annotated.
        documentation: its docstring, which may describe them.

    Raises:
        PluginError: a parameter cannot be passed by name, has no annotation, or one that cannot
            be used; says which and why.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError) as error:
        raise PluginError(f"tool {name!r}: {error}") from None
    hints = _hints(name, function)
    described = describe_parameters(documentation, parameters)
    fields: dict[str, Any] = {}
    for parameter in parameters.values():
        key, where = parameter.name, f"tool {name!r}: parameter {parameter.name!r}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PluginError(f"tool {name!r}: parameter {parameter} cannot be passed by name")
        if key not in hints:
            raise PluginError(f"{where} has no type")
        if key.startswith("_"):
            raise PluginError(f"{where}: the name of a parameter must not begin with _")
        if key.startswith("model_") and hasattr(BaseModel, key):
            raise PluginError(f"{where}: pydantic keeps this name for itself; choose another")
        default = ... if parameter.default is parameter.empty else parameter.default
        hint = _with_none(hints[key]) if default is None else hints[key]
        text: dict[str, Any] = {"description": described[key]} if key in described else {}
        fields[key] = (hint, Field(default, **text))
    try:
        return _build(name, fields)
    except Exception as error:  # types may run a stranger's code: passed on, with the parameter
        for key, field in fields.items():
            try:
                _build(name, {key: field})
            except Exception as reason:  # likewise
                why = _reason(reason, field[0])
                raise PluginError(f"tool {name!r}: parameter {key!r}: {why}") from reason
        raise PluginError(f"tool {name!r}: {_reason(error, function)}") from error


def publish(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model's objects, as a policy is shown it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pydantic, where a choice has no JSON
        schema = model.model_json_schema(schema_generator=_Published)
    for value in [schema, *schema.get("properties", {}).values()]:
        value.pop("title", None)
    schema.pop("additionalProperties", None)
    return schema


def read(model: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Name → Python value, of arguments as JSON has them.

    Raises:
        ValidationError: they do not fit.
        ValueError: they are not JSON.
    """
    return dict(model.model_validate_json(to_json(_whole(arguments)), strict=True))


def _whole(value: Any) -> Any:
    """The value with whole floats as integers, which are the same numbers to a JSON schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def _hints(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    """Name → annotation.

    Raises:
        PluginError: one cannot be evaluated.
    """
    try:
        return get_type_hints(function, include_extras=True)
    except Exception as error:  # annotations are code: passed on, with the parameter
        names = getattr(inspect.unwrap(function), "__globals__", {})
        for key, annotation in getattr(function, "__annotations__", {}).items():
            part = SimpleNamespace(__annotations__={key: annotation})
            try:
                get_type_hints(part, globalns=names)
            except Exception as reason:  # likewise
                which = "the type of its result" if key == "return" else f"parameter {key!r}"
                raise PluginError(f"tool {name!r}: {which}: {reason}") from reason
        raise PluginError(f"tool {name!r}: {error}") from error


def _with_none(annotation: Any) -> Any:
    """The annotation of a parameter whose default is None, which may then be sent, too."""
    try:
        TypeAdapter(annotation).validate_python(None)
    except ValidationError:
        return Optional[annotation]  # noqa: UP045 - also of what has no `|`
    except Exception:  # noqa: BLE001 - it cannot be used: told where the model is made
        return annotation
    return annotation


def _build(name: str, fields: Mapping[str, Any]) -> type[BaseModel]:
    """The model, of which a schema can be published."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pydantic, on names such as `json`
        model = create_model(f"{name}_arguments", __config__=_CONFIG, **fields)
    for key in fields:
        if key not in model.model_fields:  # a ClassVar, say
            raise PluginError("its type is none of a parameter")
    publish(model)
    return model


def _reason(error: Exception, annotation: Any) -> str:
    """Why an annotation cannot be used, in one line."""
    simple = isinstance(annotation, type) and get_origin(annotation) is None
    shown = annotation.__name__ if simple else str(annotation)
    if isinstance(error, PydanticSchemaGenerationError | PydanticInvalidForJsonSchema):
        return f"the type {shown} cannot be sent as JSON"
    text = shorten(str(getattr(error, "message", error)), 300)
    return text or f"{type(error).__name__} for the type {shown}"


class _Published(GenerateJsonSchema):
    """pydantic's JSON schemas, where these promise more than its strict JSON mode takes: less."""

    def generate(self, schema: core_schema.CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        definitions: Iterable[Any] = schema.get("definitions", ())  # type: ignore[assignment]
        self._defined = {part.get("ref"): part for part in definitions}
        return super().generate(schema, mode)

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Values that JSON has, each once: aliases have the same."""
        kind, found = schema["cls"], super().enum_schema(schema)
        values = [member.value for member in kind]
        if not values or not all(_is_scalar(value) for value in values):
            raise PluginError(f"{kind.__name__} has a value that is no text or number, or none")
        return {**found, "enum": values}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        for value in schema["expected"]:
            if not _is_scalar(value):
                raise PluginError(f"{value!r} in a Literal is no text or number")
        return super().literal_schema(schema)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number, or one as text; only the one of the two that can express the constraints."""
        number, text = super().decimal_schema(schema)["anyOf"]
        if any(schema.get(key) is not None for key in ("max_digits", "decimal_places")):
            return {**text, "pattern": _digits(schema)}
        if any(schema.get(key) is not None for key in ("multiple_of", "le", "ge", "lt", "gt")):
            return dict(number)
        return {"anyOf": [number, {**text, "pattern": _DECIMAL}]}

    def set_schema(self, schema: core_schema.SetSchema) -> JsonSchemaValue:
        self._check_items(schema)
        return super().set_schema(schema)

    def frozenset_schema(self, schema: core_schema.FrozenSetSchema) -> JsonSchemaValue:
        self._check_items(schema)
        return super().frozenset_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        return self._with_keys(schema, super().dict_schema(schema))

    def ordered_dict_schema(self, schema: Any) -> JsonSchemaValue:
        return self._with_keys(schema, super().ordered_dict_schema(schema))

    def counter_schema(self, schema: Any) -> JsonSchemaValue:
        return self._with_keys(schema, super().counter_schema(schema))

    def generator_schema(self, schema: core_schema.GeneratorSchema) -> JsonSchemaValue:
        raise PluginError("what is iterated over is checked too late; write list[…] or Sequence[…]")

    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchemaValue:
        """The choices that have JSON, of which there must be one."""
        found = super().union_schema(schema)
        if found.get("anyOf") == []:
            raise PluginError("none of its types can be sent as JSON")
        return found

    def dataclass_args_schema(self, schema: core_schema.DataclassArgsSchema) -> JsonSchemaValue:
        """The fields that can be given when one is made."""
        fields = [part for part in schema["fields"] if part.get("init", True)]
        return super().dataclass_args_schema({**schema, "fields": fields})

    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        raise PluginError("there is no JSON for complex numbers; take two numbers")

    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        raise PluginError("there is no JSON for types")

    def encode_default(self, dft: Any) -> Any:
        """The default in the form of `results.plain`: the same in every process."""
        try:
            found = plain(dft)
        except TypeError as error:
            raise PydanticSerializationError(str(error)) from error
        if isinstance(dft, float) and isinstance(found, str):  # NaN, infinity
            raise PydanticSerializationError("not a number that JSON has")
        return found

    def _with_keys(self, schema: Any, found: JsonSchemaValue) -> JsonSchemaValue:
        """An object whose `propertyNames` are what can be read as its keys."""
        if "keys_schema" not in schema:
            return found
        keys = schema["keys_schema"]
        if keys["type"] == "literal" and not all(isinstance(k, str) for k in keys["expected"]):
            raise PluginError("the keys of a JSON object are text: a Literal of them must be, too")
        names = self._names(self.generate_inner(keys))
        if not names:
            return found
        kept = {k: v for k, v in found.items() if k not in ("patternProperties", "propertyNames")}
        values = self.generate_inner(schema["values_schema"]) if "values_schema" in schema else {}
        kept = {"additionalProperties": values, **kept} if values else kept
        return {**kept, "propertyNames": names}

    def _names(self, keys: JsonSchemaValue) -> JsonSchemaValue:
        """The schema of texts that are read as such keys."""
        keys = self.resolve_ref_schema(keys)
        if "anyOf" in keys:
            choices = [self._names(choice) for choice in keys["anyOf"]]
            return {"anyOf": choices} if all(choices) else {}
        kept = {k: v for k, v in keys.items() if k not in ("title", "description", "type")}
        values = keys.get("enum", [])
        match keys.get("type"):
            case "integer" if values:
                return {"enum": [str(value) for value in values]}
            case "string" | None if all(isinstance(value, str) for value in values):
                return kept
            case "integer":
                return {"pattern": _INTEGER}
            case "number" if not values:
                return {"pattern": _NUMBER}
            case "boolean" if not values:
                return {"enum": ["true", "false"]}
        raise PluginError("the keys of a JSON object are text, from which such keys cannot be read")

    def _check_items(self, schema: core_schema.SetSchema | core_schema.FrozenSetSchema) -> None:
        if not self._is_hashable(schema.get("items_schema", {"type": "any"})):
            raise PluginError(
                "a set can only hold what is hashable: say what it holds (set[str]), or take a list"
            )

    def _is_hashable(self, schema: Any) -> bool:
        match schema:
            case {"type": "definition-ref", "schema_ref": ref}:
                return ref not in self._defined or self._is_hashable(self._defined[ref])
            case {"type": "dataclass" | "model", "cls": kind}:
                return getattr(kind, "__hash__", None) is not None
            case {"type": "tuple", "items_schema": items}:
                return all(self._is_hashable(item) for item in items)
            case {"type": "union", "choices": choices}:
                parts = (part[0] if isinstance(part, tuple) else part for part in choices)
                return all(self._is_hashable(part) for part in parts)
            case {"type": "tagged-union", "choices": choices}:
                return all(self._is_hashable(part) for part in choices.values())
            case {"type": "any" | "list" | "dict" | "set" | "typed-dict" | "deque"}:
                return False
            case {"json_schema": inner} | {"strict_schema": inner} | {"schema": {} as inner}:
                return self._is_hashable(inner)
        return True


def _is_scalar(value: Any) -> bool:
    """Whether it is a value that JSON has, and no object or array."""
    if isinstance(value, Enum):
        return False
    return value is None or isinstance(value, str | int | float)


def _digits(schema: core_schema.DecimalSchema) -> str:
    """The pattern of decimals with a limited number of digits."""
    places, most = schema.get("decimal_places"), schema.get("max_digits")
    count = "" if most is None else rf"(?=([0-9]\.?){{1,{most}}}$)"
    whole = "[0-9]+"
    if most is not None and places is not None:
        whole = f"[0-9]{{1,{most - places}}}" if most > places else "0"
    fraction = "*" if places is None else f"{{0,{places}}}"
    return rf"^[+-]?{count}{whole}(\.[0-9]{fraction})?$"
