"""The stateful classes behind BFCL's multi-turn questions, from the user's `bfcl-eval`.

Upstream makes the calls by `eval` of their text; here they are made by name and arguments. Results
of calls are text, as upstream shows them, and the checks are upstream's:

- a user's turn with ground truth ends in the right state: all public attributes equal those after
  the ground truth;
- the results of the turn's ground truth are, as a multiset, among the results so far;
- a turn with ground truth has at least one call.

Source: `multi_turn_checker.py` and `multi_turn_utils.py` of bfcl_eval (Apache-2.0), version
2026.3.23.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import localcontext
from pathlib import Path
from typing import Any

from mentor_core.support.errors import ConfigError

__all__ = [
    "Simulation",
    "class_files",
    "installed_data",
    "missing_results",
    "more_functions",
    "perform",
]

_INSTALL = "pip install --no-deps bfcl-eval mpmath"
_CONSTANTS = "bfcl_eval.constants"
_BITS = 100_000
_DIGITS = 1_000
_ONE_AT_A_TIME = threading.Lock()


@dataclass(slots=True)
class Simulation:
    """Instances of the involved classes, by class name."""

    instances: dict[str, Any]

    @classmethod
    def create(
        cls, classes: Sequence[str], configuration: Mapping[str, Any], long_context: bool
    ) -> Simulation:
        """Fresh instances, in the state that the configuration gives each class.

        Raises:
            ConfigError: bfcl-eval, or something that its classes import, is not installed.
        """
        constants = _constants("executable_backend_config")
        instances = {}
        for name in classes:
            instance = getattr(_module(constants.CLASS_FILE_PATH_MAPPING[name]), name)()
            if name not in constants.STATELESS_CLASSES:
                scenario = deepcopy(configuration.get(name, {}))
                instance._load_scenario(scenario, long_context=long_context)
            instances[name] = instance
        return cls(instances)

    def find(self, function: str) -> Any:
        """The bound method of that name, of the last class that has one, as upstream."""
        owners = [each for each in self.instances.values() if hasattr(each, function)]
        return getattr(owners[-1], function)

    def difference(self, truth: Simulation) -> str:
        """The public attributes in which the instances differ; empty if there are none."""
        found = []
        for name, right in truth.instances.items():
            ours = vars(self.instances[name])
            for key, value in vars(right).items():
                if not key.startswith("_") and (key not in ours or ours[key] != value):
                    found.append(f"{name}.{key}")
        return ", ".join(found)


def perform(method: Any, arguments: Mapping[str, Any]) -> str:
    """Make a call and return the result as upstream shows it.

    Raises:
        ValueError: the call would take too much time or memory.
        Exception: any exception of the method.
    """
    import mpmath

    if _is_endless(method.__name__, arguments):
        raise ValueError(f"{method.__name__}: the numbers are too large")
    # MathAPI sets the precision of the whole process and of the thread.
    with _ONE_AT_A_TIME, mpmath.workdps(mpmath.mp.dps), localcontext():
        value = method(**deepcopy(dict(arguments)))
        if isinstance(value, dict):
            try:
                return json.dumps(value)
            except (TypeError, ValueError):
                return str(value)
        return str(value)


def _is_endless(function: str, arguments: Mapping[str, Any]) -> bool:
    """True if a call of MathAPI would block the interpreter, so that no time limit works."""
    match function, arguments:
        case "power", {"base": int(base), "exponent": int(exponent)}:
            return base.bit_length() * abs(exponent) > _BITS
        case "multiply", {"a": a, "b": b}:
            return not all(isinstance(value, int | float) for value in (a, b))  # "ab" * 10**9
        case (("logarithm" | "square_root"), {"precision": int(digits)}):
            return digits > _DIGITS
    return False


def missing_results(wanted: Sequence[str], found: Sequence[str]) -> list[str]:
    """The wanted results that are not among the found ones, repetitions counted."""
    return list((Counter(wanted) - Counter(found)).elements())


def class_files() -> dict[str, str]:
    """Class name → name of the file that documents its functions.

    Raises:
        ConfigError: bfcl-eval is not installed.
    """
    found: dict[str, str] = _constants("executable_backend_config").MULTI_TURN_FUNC_DOC_FILE_MAPPING
    return found


def more_functions(functions: Sequence[Mapping[str, Any]]) -> str:
    """The user's message that adds functions, in upstream's words.

    Raises:
        ConfigError: bfcl-eval is not installed.
    """
    prompts = _constants("default_prompts")
    text: str = prompts.DEFAULT_USER_PROMPT_FOR_ADDITIONAL_FUNCTION_PROMPTING
    return text.format(functions=json.dumps(list(functions), ensure_ascii=False))


def installed_data() -> Path:
    """The folder of the data files that bfcl-eval brings.

    Raises:
        ConfigError: bfcl-eval is not installed.
    """
    package = importlib.util.find_spec("bfcl_eval")
    if package is None or package.origin is None:
        raise _not_installed("bfcl_eval")
    return Path(package.origin).parent / "data"


def _constants(name: str) -> Any:
    return _module(f"{_CONSTANTS}.{name}")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _not_installed(error.name or name) from error


def _not_installed(module: str) -> ConfigError:
    return ConfigError(
        f"BFCL's multi-turn classes need the module {module!r}, which is not installed: {_INSTALL}"
    )
