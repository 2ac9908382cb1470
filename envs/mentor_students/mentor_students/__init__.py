"""The embedded students of mentor's environments, registered by the door that third parties use.

A directory NAME has the student of the environment NAME: a small decoder, its tokenizer and its
recipe. A student stands in for a small instruct model if none can be downloaded. A student knows
the format of tool calls, and is weak in strategy.
"""

from __future__ import annotations

import pluggy

__version__ = "0.1.0"

hookimpl = pluggy.HookimplMarker("mentor")  # mentor's own, without a dependency on mentor-core


@hookimpl
def mentor_students() -> dict[str, str]:
    names = ("bfcl", "calculator", "files", "reasoning_gym", "retrieval", "sql", "webshop")
    return {name: f"mentor_students:{name}" for name in names}
