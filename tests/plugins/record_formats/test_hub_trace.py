"""What the Hub's trace viewer is given."""

from mentor_core import Call, Trajectory, Turn
from mentor_core.door.registry import RECORD_FORMATS, create

ADD = Call("add", {"a": 1, "b": 2}, "3")


def test_a_session_of_the_hubs_trace_viewer():
    trajectory = Trajectory(
        "t", "calculator", id="abc", prompt=[{"role": "user", "content": "1 + 2?"}],
        turns=[Turn("<think>\na sum\n</think>\n\nAdding.", [ADD]), Turn("3")],
    )  # fmt: skip
    session, *messages = create(RECORD_FORMATS, "hub_trace").write(trajectory)
    assert session.items() >= {"type": "session", "harness": "mentor", "id": "abc"}.items()
    assert [line["type"] for line in messages] == ["message"] * 4
    user, said, result, answer = (line["message"] for line in messages)
    function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
    assert user == {"role": "user", "content": "1 + 2?"}
    assert said == {
        "role": "assistant",
        "content": "Adding.",
        "reasoningContent": "a sum",
        "toolCalls": [{"id": "call00000", "function": function}],
    }
    assert result == {"role": "tool", "content": "3", "toolCallId": "call00000"}
    assert answer == {"role": "assistant", "content": "3"}
