"""The embedded students of mentor's environments, by the door that third parties use.

A directory NAME has the student of the environment NAME: a small decoder with a tokenizer of its
own, and the recipe that it is made by. It stands in for a small instruct model where none can be
downloaded: competent in the format of tool calls, weak in strategy.
"""

from __future__ import annotations

import pluggy

__version__ = "0.1.0"

hookimpl = pluggy.HookimplMarker("mentor")  # mentor's own, without a dependency on mentor-core


@hookimpl
def mentor_students() -> dict[str, str]:
    names = ("bfcl", "calculator", "files", "reasoning_gym", "retrieval", "sql", "webshop")
    return {name: f"mentor_students:{name}" for name in names}
