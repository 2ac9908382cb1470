"""Time of parsers on hostile turns: `python benchmarks/parser_speed.py [--megabytes 1]`.

A model that repeats itself to its token limit must not stop the batch. Each parser reads turns of
one megabyte that have made parsers quadratic; the table has the slowest parser for each kind of
turn.
"""

from __future__ import annotations

import argparse
import time

from mentor_core.door.registry import PARSERS, create, names

TURNS = {
    "calls that are no JSON": "<tool_call>x</tool_call>",
    "lines of JSON": '{"id":1}\n',
    "Mistral's marks": "[TOOL_CALLS]",
    "opened calls": "<tool_call>",
    "opened brackets": "[",
    "opened objects": '{"a":',
    "opened thinking": "<think>",
    "closed thinking": "<think></think>",
    "Python calls": "<|tool_call_start|>[f(a=1)]",
    "Harmony's marks": "<|channel|>commentary to=functions.f <|message|>{",
    "tags": "<function=f><parameter=a>",
    "quotes": '"\\"',
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1.0)
    size = int(parser.parse_args().megabytes * 1_000_000)
    turns = {what: unit * (size // len(unit)) for what, unit in TURNS.items()}
    turns["a name followed by blanks"] = "name" + " " * size
    turns["a name of a megabyte"] = (
        f'<tool_call>{{"name": "{"x" * size}", "arguments": {{}}}}</tool_call>'
    )
    for what, turn in turns.items():
        seconds = {}
        for name in names(PARSERS):
            reader = create(PARSERS, name)
            began = time.perf_counter()
            reader.parse(turn)
            seconds[name] = time.perf_counter() - began
        slowest = max(seconds, key=seconds.__getitem__)
        print(f"{what:<28} {seconds[slowest]:7.3f} s  {slowest}")


if __name__ == "__main__":
    main()
