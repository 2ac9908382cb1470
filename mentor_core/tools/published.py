"""Published: JSON schemas of annotations that allow no more than pydantic's strict JSON mode."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema

from mentor_core.support.errors import PluginError
from mentor_core.tools.results import plain

__all__ = ["Published"]

_INTEGER = r"^(0|-?[1-9][0-9]*)$"
_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$"


class Published(GenerateJsonSchema):
    """pydantic's JSON schemas, narrowed to the values that its strict JSON mode takes.

    Raises:
        PluginError: no JSON could give the values of an annotation; says why.
    """

    def generate(self, schema: core_schema.CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        definitions: Iterable[Any] = schema.get("definitions", ())  # type: ignore[assignment]
        self._defined = {part.get("ref"): part for part in definitions}
        return super().generate(schema, mode)

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Values that JSON has, each once, as aliases share values."""
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
        """A number, or a number as text; only one of the two if only that can express the
        constraints.
        """
        number, text = super().decimal_schema(schema)["anyOf"]
        if any(schema.get(key) is not None for key in ("max_digits", "decimal_places")):
            return {**text, "pattern": _digits(schema)}
        if any(schema.get(key) is not None for key in ("multiple_of", "le", "ge", "lt", "gt")):
            return dict(number)
        return {"anyOf": [number, {**text, "pattern": _DECIMAL}]}

    def set_schema(self, schema: core_schema.SetSchema) -> JsonSchemaValue:
        return self._with_items(schema, super().set_schema(schema))

    def frozenset_schema(self, schema: core_schema.FrozenSetSchema) -> JsonSchemaValue:
        return self._with_items(schema, super().frozenset_schema(schema))

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        return self._with_keys(schema, super().dict_schema(schema))

    def ordered_dict_schema(self, schema: Any) -> JsonSchemaValue:
        return self._with_keys(schema, super().ordered_dict_schema(schema))

    def counter_schema(self, schema: Any) -> JsonSchemaValue:
        return self._with_keys(schema, super().counter_schema(schema))

    def generator_schema(self, schema: core_schema.GeneratorSchema) -> JsonSchemaValue:
        raise PluginError("items of an iterator are checked too late; write list[…] or Sequence[…]")

    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchemaValue:
        """The choices that have JSON, of which there must be one."""
        found = super().union_schema(schema)
        if found.get("anyOf") == []:
            raise PluginError("none of its types can be sent as JSON")
        return found

    def dataclass_args_schema(self, schema: core_schema.DataclassArgsSchema) -> JsonSchemaValue:
        """The fields that can be given to the constructor."""
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
        """An object whose `propertyNames` are the texts that can be read as its keys."""
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

    def _with_items(
        self, schema: core_schema.SetSchema | core_schema.FrozenSetSchema, found: JsonSchemaValue
    ) -> JsonSchemaValue:
        """An array of hashable values; without a type of items, of any scalars."""
        items: Any = schema.get("items_schema", {"type": "any"})
        if items["type"] == "any":
            return {**found, "items": {"type": ["string", "number", "boolean", "null"]}}
        if not self._is_hashable(items):
            raise PluginError("a set can only hold hashable values: take a list")
        return found

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
    """True if JSON has the value, as no object or array."""
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
