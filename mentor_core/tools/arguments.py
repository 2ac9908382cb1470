"""Arguments of typed functions: the published JSON schema, and the validation of calls.

Both come from one pydantic model, read in strict JSON mode. Arguments that fit the schema are
taken, and become values of the annotated types. An annotation is refused, when the tool is made, if
its schema would allow values that the tool cannot take.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from copy import copy
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
from pydantic_core import to_json

from mentor_core.support.errors import PluginError
from mentor_core.tools.docstrings import describe_parameters
from mentor_core.tools.published import Published

__all__ = ["make_model", "publish", "read", "with_names"]

_CONFIG = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    regex_engine="python-re",  # pydantic's own reads `$` and `(?=` otherwise than JSON schemas do
)


def make_model(name: str, function: Callable[..., Any], documentation: str) -> type[BaseModel]:
    """The model of a function's arguments.

    Args:
        name: the tool's name, for messages.
        function: all its parameters are annotated.
        documentation: the function's docstring, which may describe parameters.

    Raises:
        PluginError: a parameter cannot be passed by name, or has no usable annotation; names it and
            the reason.
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
        return _build(f"{name}_arguments", fields)
    except Exception as error:  # types may run a stranger's code: passed on, with the parameter
        for key, field in fields.items():
            try:
                _build(f"{name}_arguments", {key: field})
            except Exception as reason:  # likewise
                why = _reason(reason, field[0])
                raise PluginError(f"tool {name!r}: parameter {key!r}: {why}") from reason
        raise PluginError(f"tool {name!r}: {_reason(error, function)}") from error


def with_names(model: type[BaseModel], names: Mapping[str, str]) -> type[BaseModel]:
    """A copy of a model whose fields have other names.

    Args:
        names: field of the model → its other name.
    """
    fields: dict[str, Any] = {
        names[key]: (field.annotation, copy(field)) for key, field in model.model_fields.items()
    }
    return _build(model.__name__, fields)


def publish(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model's objects, as the policy reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pydantic, if a choice has no JSON
        schema = model.model_json_schema(schema_generator=Published)
    for value in [schema, *schema.get("properties", {}).values()]:
        value.pop("title", None)
    schema.pop("additionalProperties", None)
    return schema


def read(model: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Name → Python value, from arguments in JSON.

    Raises:
        ValidationError: the arguments do not fit.
        ValueError: the arguments are not JSON.
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
        PluginError: an annotation cannot be evaluated.
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
    """The annotation of a parameter whose default is None, so that None may also be sent."""
    try:
        TypeAdapter(annotation).validate_python(None)
    except ValidationError:
        return Optional[annotation]  # noqa: UP045 - also of what has no `|`
    except Exception:  # noqa: BLE001 - it cannot be used: reported when the model is made
        return annotation
    return annotation


def _build(name: str, fields: Mapping[str, Any]) -> type[BaseModel]:
    """The model, checked to have a schema that can be published."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of pydantic, on names such as `json`
        model = create_model(name, __config__=_CONFIG, **fields)
    for key in fields:
        if key not in model.model_fields:  # a ClassVar, say
            raise PluginError("its type is none of a parameter")
    publish(model)
    return model


def _reason(error: Exception, annotation: Any) -> str:
    """The reason why an annotation cannot be used, in one line."""
    simple = isinstance(annotation, type) and get_origin(annotation) is None
    shown = annotation.__name__ if simple else str(annotation)
    if isinstance(error, PydanticSchemaGenerationError | PydanticInvalidForJsonSchema):
        return f"the type {shown} cannot be sent as JSON"
    text = shorten(str(getattr(error, "message", error)), 300)
    return text or f"{type(error).__name__} for the type {shown}"
