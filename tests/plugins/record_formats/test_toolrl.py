"""ToolRL's rows, small ones and all that are published."""

import gzip
import json

import pytest

from mentor_core import Call, RowError
from mentor_core.door.registry import RECORD_FORMATS, create


def read(row, **options):
    return create(RECORD_FORMATS, "toolrl", options).read(row)


TOOLRL = {
    "instruction": "Help.\n\n**Available Tools**\n"
    "In your response, you can use the following tools:\n"
    "1. Name: Get Genres\nDescription: Genres\nof TV.\nParameters: {}\n\n**Steps for Each Turn**",
    "input": "**Dialogue Records History**\n"
    "<user> Genres & <html> </user>\n\n<think> Look. </think>\n"
    '<tool_call>\n{"name": "Get Genres", "parameters": {}}\n</tool_call>\n'
    '<obs> [{"name": "Get Genres", "results": {"28": "Action"}}] </obs>\n\n'
    "<think> Say. </think>\n<response> Action. </response>\n\n<user> And? </user>",
    "output": "<think> I may use <tool_call> or not. </think>\n<tool_call>\n"
    '{"name": "Get Genres", "parameters": {"x": "</tool_call>"}}\n</tool_call>',
}  # fmt: skip


def test_toolrl_rows_have_the_dialogue_so_far_as_text():
    trajectory = read(TOOLRL)
    assert trajectory.tools == ["Get Genres"]
    assert trajectory.prompt[1]["content"] == "Genres & <html>"
    first, second, last = trajectory.turns
    assert first.calls == [Call("Get Genres", {}, '{"28": "Action"}')]
    assert second.text == "<think>\nSay.\n</think>\n\nAction."
    assert second.observation == [{"role": "user", "content": "And?"}]
    assert last.calls == [Call("Get Genres", {"x": "</tool_call>"})]
    assert trajectory.end is None


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("Sure!", "there is text outside of the marks"),
        ("<think> a", "<think> is not closed"),
        ("<tool_call> {] </tool_call>", "a tool_call is not JSON"),
        ("", "output is not one turn of think, tool_call and response"),
        (None, "output is not text"),
    ],
)
def test_a_toolrl_row_that_holds_none_says_why(output, why):
    with pytest.raises(RowError) as caught:
        read({**TOOLRL, "output": output})
    assert str(caught.value) == why


def test_all_rows_of_toolrl_are_read_and_come_back(shared_data):
    toolrl = create(RECORD_FORMATS, "toolrl")
    with gzip.open(shared_data / "toolrl" / "rlla_sft.json.gz") as file:
        rows = json.load(file)
    trajectories = [toolrl.read(row) for row in rows]
    assert len(trajectories) == 400
    assert all(trajectory.tools and trajectory.prompt for trajectory in trajectories)
    assert sum(bool(t.turns[-1].calls) for t in trajectories) == 346
    assert [toolrl.read(toolrl.write(trajectory)) for trajectory in trajectories] == trajectories
