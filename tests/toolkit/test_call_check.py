"""BFCL's rules: a table by hand, and BFCL's own files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import calls as any_calls
from mentor_toolkit.call_check import check_calls, example_arguments, standardise

CATEGORIES = ("simple_python", "multiple", "parallel")

FUNCTION = {
    "name": "book",
    "parameters": {
        "type": "dict",
        "properties": {
            "city": {"type": "string"},
            "nights": {"type": "integer"},
            "price": {"type": "float"},
            "pets": {"type": "boolean"},
            "rooms": {"type": "array", "items": {"type": "integer"}},
            "tags": {"type": "array", "items": {"type": "string"}},
            "point": {"type": "tuple", "items": {"type": "float"}},
            "guest": {"type": "dict", "properties": {}},
            "guests": {"type": "array", "items": {"type": "dict"}},
            "code": {"type": "any"},
        },
        "required": ["city"],
    },
}
OTHER = {"name": "cancel", "parameters": {"type": "dict", "properties": {}, "required": []}}


def valid(arguments, acceptable, name="book"):
    calls = [Call(name, {"city": "Rome"} | arguments)]
    return check_calls(calls, [FUNCTION, OTHER], [{"book": {"city": ["Rome"]} | acceptable}]).valid


@pytest.mark.parametrize(
    ("arguments", "acceptable", "expected"),
    [
        ({}, {}, True),
        # strings: case, ` ,./-_*^` and the kind of quote do not count; all else does
        ({"city": " R.o,m/e-_*^"}, {}, True),
        ({"city": "rOME"}, {}, True),
        ({"city": "Rom"}, {}, False),
        ({"city": "Rome!"}, {}, False),
        ({"city": "Rome\n"}, {}, False),
        ({"city": "L'Aquila"}, {"city": ['l"aquila']}, True),
        ({"city": "Roma"}, {"city": ["Rome", "Roma"]}, True),
        ({"city": 5}, {}, False),
        ({"city": None}, {}, False),
        # arguments that are missing, unknown, or optional
        ({"nights": 2}, {}, False),
        ({"street": "x"}, {"street": ["x"]}, False),
        ({}, {"nights": [2]}, False),
        ({}, {"nights": [2, ""]}, True),
        ({"nights": 2}, {"nights": ["", 2]}, True),
        ({"nights": 3}, {"nights": ["", 2]}, False),
        # true is not 1; 2 passes for a float, 2.0 not for an integer
        ({"nights": True}, {"nights": [1]}, False),
        ({"nights": 2.0}, {"nights": [2]}, False),
        ({"nights": "2"}, {"nights": [2]}, False),
        ({"price": 2}, {"price": [2.0]}, True),
        ({"price": 2}, {"price": [2]}, True),
        ({"price": 2.0000001}, {"price": [2.0]}, False),
        ({"price": 10**400}, {"price": [2.0]}, False),
        ({"pets": 1}, {"pets": [True]}, False),
        ({"pets": True}, {"pets": [True]}, True),
        # a variable's name, where the answer has one; it is compared to the letter
        ({"nights": "stay"}, {"nights": ["stay"]}, True),
        ({"nights": "Stay"}, {"nights": ["stay"]}, False),
        ({"code": "a b"}, {"code": ["AB"]}, True),
        # lists in order, their elements of the schema's type or of the answer's
        ({"rooms": [1, 2]}, {"rooms": [[1, 2]]}, True),
        ({"rooms": [2, 1]}, {"rooms": [[1, 2]]}, False),
        ({"rooms": [2, 1]}, {"rooms": [[1, 2], [2, 1]]}, True),
        ({"rooms": [1]}, {"rooms": [[1, 2]]}, False),
        ({"rooms": [True, 2]}, {"rooms": [[1, 2]]}, False),
        ({"rooms": 1}, {"rooms": [[1]]}, False),
        ({"rooms": []}, {"rooms": [[1], ""]}, True),
        ({"tags": ["A-b"]}, {"tags": [["ab"]]}, True),
        ({"point": [1, 2]}, {"point": [[1.0, 2.0]]}, False),
        ({"point": [1.0, 2.0]}, {"point": [[1.0, 2.0]]}, True),
        # objects: each key has acceptable values of its own
        ({"guest": {"name": "ann"}}, {"guest": [{"name": ["Ann", "Anna"]}]}, True),
        ({"guest": {"name": "Bob"}}, {"guest": [{"name": ["Ann"]}]}, False),
        ({"guest": {"name": "Ann", "age": 3}}, {"guest": [{"name": ["Ann"]}]}, False),
        ({"guest": {}}, {"guest": [{"name": ["Ann"]}]}, False),
        ({"guest": {}}, {"guest": [{"name": ["Ann", ""]}]}, True),
        ({"guest": {}}, {"guest": [""]}, False),
        ({"guests": [{"a": 1}, {"a": 2}]}, {"guests": [[{"a": [1]}, {"a": [2]}]]}, True),
        ({"guests": [{"a": 2}, {"a": 1}]}, {"guests": [[{"a": [1]}, {"a": [2]}]]}, False),
        ({"guests": [{"a": 1}]}, {"guests": [[{"a": [1]}, {"a": [2]}]]}, False),
    ],
)
def test_arguments_by_hand(arguments, acceptable, expected):
    assert valid(arguments, acceptable) is expected


def test_parallel_calls_match_in_any_order_with_equal_count():
    answers = [{"book": {"city": ["Rome"]}}, {"book": {"city": ["Oslo"]}}, {"cancel": {}}]
    rome, oslo = Call("book", {"city": "Rome"}), Call("book", {"city": "Oslo"})
    cancel = Call("cancel", {})
    for calls, expected in [
        ([rome, oslo, cancel], True),
        ([cancel, oslo, rome], True),
        ([rome, oslo], False),
        ([rome, rome, cancel], False),
        ([rome, oslo, cancel, cancel], False),
        ([rome, oslo, Call("cancel", {"all": True})], False),
    ]:
        assert check_calls(calls, [FUNCTION, OTHER], answers).valid is expected


def test_an_answer_takes_the_first_call_that_fits_as_upstream_does():
    """Rome takes the call that Oslo would have needed; the other order passes."""
    answers = [{"book": {"city": ["Rome", "Oslo"]}}, {"book": {"city": ["Oslo"]}}]
    rome, oslo = Call("book", {"city": "Rome"}), Call("book", {"city": "Oslo"})
    assert check_calls([rome, oslo], [FUNCTION], answers).valid
    assert not check_calls([oslo, rome], [FUNCTION], answers).valid


def test_where_nothing_should_be_called_nothing_may_be():
    assert check_calls([], [FUNCTION], []).valid
    assert not check_calls([Call("book", {"city": "Rome"})], [FUNCTION], []).valid


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ([], "0 calls where 1 are right"),
        ([Call("cancel", {})], "cancel is called, not book"),
        ([Call("book", {})], "book: required argument 'city' is missing"),
        ([Call("book", {"city": "Rome", "x": 1})], "book: unexpected argument 'x'"),
        ([Call("book", {"city": "Oslo"})], "argument 'city': 'Oslo' is not one of ['Rome']"),
        ([Call("book", {"city": True})], "argument 'city': True is not of type string"),
    ],
)
def test_a_verdict_gives_its_reason(calls, reason):
    assert reason in check_calls(calls, [FUNCTION, OTHER], [{"book": {"city": ["Rome"]}}]).reason


@given(st.lists(any_calls(), max_size=3))
def test_no_call_makes_it_raise(calls):
    kinds = ("string", "integer", "float", "boolean", "array", "dict", "any", "uri")
    answers = ["7", 7, 7.0, True, [7, "7"], {"a": [7]}, "", None]
    for kind in kinds:
        schema = {"type": kind, "items": {"type": "integer"}}
        functions = [
            {"name": name, "parameters": {"properties": dict.fromkeys(("a", "b"), schema)}}
            for name in ("add", "multiply", "search")
        ]
        for answer in answers:
            wanted = [{call.name: {"a": [answer], "b": [answer, ""]}} for call in calls]
            verdict = check_calls(calls, functions, wanted)
            assert verdict.valid is (verdict.reason == "")


def test_standardise():
    assert standardise("It's 5.0-a_b, *c*^/") == 'it"s50abc'


def rows(folder, category):
    with (folder / "bfcl" / "possible_answer" / f"BFCL_v4_{category}.json").open() as file:
        answers = {row["id"]: row["ground_truth"] for row in map(json.loads, file)}
    with (folder / "bfcl" / f"BFCL_v4_{category}.json").open() as file:
        return [(row["function"], answers[row["id"]]) for row in map(json.loads, file)]


def correct(answers):
    """The calls wanted, with the first value of each argument that has one."""
    return [
        Call(name, example_arguments(wanted))
        for answer in answers
        for name, wanted in answer.items()
    ]


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_correct_answers_of_bfcl_pass_and_mutated_ones_fail(shared_data, category):
    for functions, answers in rows(shared_data, category):
        calls = correct(answers)
        verdict = check_calls(calls, functions, answers)
        assert verdict.valid, verdict.reason
        assert not check_calls([*calls, calls[0]], functions, answers).valid
        assert not check_calls(calls[1:], functions, answers).valid
        required = {f["name"]: f["parameters"]["required"] for f in functions}
        for index, call in enumerate(calls):

            def fails(changed, index=index, calls=calls, functions=functions, answers=answers):
                mutated = [*calls[:index], changed, *calls[index + 1 :]]
                return not check_calls(mutated, functions, answers).valid

            assert fails(Call(call.name + "x", call.arguments))
            assert fails(Call(call.name, {**call.arguments, "unheard of": 1}))
            for key, value in call.arguments.items():
                for other in ({"unheard of": 1}, [[value]], f"{value}, mutated"):
                    assert fails(Call(call.name, {**call.arguments, key: other})), (key, value)
                if key in required[call.name]:
                    left = {k: v for k, v in call.arguments.items() if k != key}
                    assert fails(Call(call.name, left))


def test_irrelevance_passes_when_nothing_is_called(shared_data):
    with (shared_data / "bfcl" / "BFCL_v4_irrelevance.json").open() as file:
        functions = [row["function"] for row in map(json.loads, file)]
    assert len(functions) == 240
    for row in functions:
        assert check_calls([], row, []).valid
        assert not check_calls([Call(row[0]["name"], {})], row, []).valid
