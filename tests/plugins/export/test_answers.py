"""Answer templates: `transformers serve` must find the calls that the student writes."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.trajectory import Call
from mentor_plugins.export.answers import answer_template, known_to_transformers

NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
VALUES = st.one_of(st.integers(-999, 999), st.from_regex(r"[a-z0-9 .]{0,12}", fullmatch=True))
CALLS = st.builds(Call, NAMES, st.dictionaries(NAMES, VALUES, max_size=3))


def of_type(student, kind):
    other = copy.copy(student)
    other.model = copy.copy(student.model)
    other.model.config = copy.deepcopy(student.model.config)
    other.model.config.model_type = kind
    return other


@settings(max_examples=40)
@given(st.lists(CALLS, min_size=1, max_size=3), st.sampled_from(["", "I add them."]))
def test_calls_of_a_family_that_the_server_does_not_know_are_found(student, calls, content):
    llama = of_type(student, "llama")
    template = answer_template(llama, "hermes")
    text = HermesParser().render(content, calls) + llama.chat.ends[0]
    parsed = llama.tokenizer.parse_response(text, template, prefix=llama.chat.opening)
    found = [call["function"] for call in parsed["tool_calls"]]
    assert found == [{"name": call.name, "arguments": call.arguments} for call in calls]
    assert parsed.get("content", "").strip() == content


def test_an_answer_stays_an_answer(student):
    llama = of_type(student, "llama")
    template = answer_template(llama, "hermes")
    parsed = llama.tokenizer.parse_response(
        f"Answer: 3{llama.chat.ends[0]}", template, prefix=llama.chat.opening
    )
    assert (parsed["content"], parsed.get("tool_calls")) == ("Answer: 3", None)


def test_families_that_the_server_knows_are_left_alone(student):
    assert known_to_transformers(student)
    assert answer_template(student, "hermes") is None
    assert not known_to_transformers(of_type(student, "llama"))
    assert answer_template(of_type(student, "llama"), "llama3") is None
