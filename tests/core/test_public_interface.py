"""What third parties build on: the names and signatures of `mentor_core`.

`public_interface.txt` is written by `python tests/core/test_public_interface.py`. A change of it
belongs into the changelog: plugins that were written before may have to be changed.
"""

import dataclasses
import inspect
import re
import typing
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import BaseModel

import mentor_core
from mentor_core.door import registry

PINNED = Path(__file__).with_name("public_interface.txt")


def interface():
    return "\n".join(line for name in mentor_core.__all__ for line in described(name)) + "\n"


def described(name):
    """The lines about one name: a class with its own public members, or a signature."""
    value = getattr(mentor_core, name)
    if not isinstance(value, type):
        yield name + (signature(value) if inspect.isroutine(value) else f" = {alias(value)}")
        return
    if value.__name__ != name:
        yield f"{name} = {value.__name__}"
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}({bases})"
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        yield from (f"    {f.name}: {f.type}{default(f)}" for f in fields if f.init)
    else:
        own = vars(value).get("__annotations__", {}).items()
        for key, kind in own:
            if not key.startswith("_"):
                yield f"    {key}: {getattr(kind, '__forward_arg__', kind)}"
        no_init = issubclass(value, BaseModel) or getattr(value, "_is_protocol", False)
        if "__init__" in vars(value) and not no_init:
            yield f"    __init__{signature(value.__init__)}"
    for member, given in sorted(vars(value).items()):
        if member.startswith("_") or member in ("model_config", "model_post_init"):
            continue
        found = getattr(given, "__func__", given)  # of a class method
        if inspect.isfunction(found):
            abstract = " (abstract)" if getattr(found, "__isabstractmethod__", False) else ""
            yield f"    {member}{signature(found)}{abstract}"
        elif isinstance(found, property):
            yield f"    {member}: {inspect.signature(found.fget).return_annotation} (property)"


def signature(function):
    text = re.sub(r"<function (\w+) at 0x\w+>", r"\1", str(inspect.signature(function)))
    return text.replace("'", "")


def alias(value):
    """A type, without the modules that its parts are in."""
    if "numpy" in str(value):
        return "numpy array"
    if not typing.get_args(value):
        return type(value).__name__
    return re.sub(r"\b[a-z_]+\.(?=\w)", "", str(value).replace("typing.", ""))


def default(field):
    given = {field.default, field.default_factory} - {dataclasses.MISSING}
    return " = …" if given else ""


def test_no_name_and_no_signature_changes_unseen():
    assert interface() == PINNED.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [k for k in registry.KINDS if k.form == "class"], ids=str)
def test_what_a_plugin_implements_is_public(kind):
    contract = kind.contract.partition(":")[2]
    assert contract in mentor_core.__all__


def test_all_that_is_public_is_there_and_typed():
    assert set(mentor_core.__all__) <= set(dir(mentor_core))
    assert (files("mentor_core") / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'Tsk'"):
        mentor_core.Tsk  # noqa: B018


if __name__ == "__main__":
    PINNED.write_text(interface(), encoding="utf-8")
