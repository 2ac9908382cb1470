"""What a student is made from: recipes that can be read, and labels where they belong."""

import tomllib
from pathlib import Path

import pytest

from mentor_lab.students.build import Part, Recipe, _encode, build_tokenizer, demonstrations
from mentor_plugins.models.loading import model_path
from mentor_runs.settings.model_names import embedded_students

STUDENTS = embedded_students()


ABLE = Path(__file__).parents[3] / "benchmarks" / "able_student.toml"


@pytest.mark.parametrize("name", [*STUDENTS, "able"])
def test_the_recipe_of_every_student_can_be_played(name):
    """One in the benchmarks names its environment; that of the others has the student's name."""
    path = ABLE if name == "able" else model_path(f"embedded/{name}") / "recipe.toml"
    recipe = Recipe.model_validate(tomllib.loads(path.read_text()))
    few = [part.model_copy(update={"count": 3}) for part in recipe.parts]
    assert len(demonstrations(recipe.environment or name, few, recipe.seed)) == 3 * len(few)


def test_a_student_never_sees_what_a_run_evaluates():
    evaluated = [Part(count=3, split=split) for split in ("eval", "ood")]
    assert demonstrations("calculator", evaluated, 0) == []


def test_only_what_the_assistant_says_is_learnt_unless_it_listens():
    template = (model_path("embedded/calculator") / "chat_template.jinja").read_text()
    tokenizer = build_tokenizer(["assistant user system hello there"], 300, template)
    conversation = [
        {"role": "system", "content": "hello"},
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "hello there"},
        {"role": "tool", "content": "there"},
        {"role": "assistant", "content": "hello"},
    ]

    def learnt(listen):
        ids, labels = _encode(tokenizer, (conversation, []), listen)
        assert all(label in (-100, token) for token, label in zip(ids, labels, strict=True))
        return tokenizer.decode([label for label in labels if label != -100])

    assert learnt(listen=False) == "hello there<|im_end|>hello<|im_end|>"
    assert learnt(listen=True).startswith("<|im_start|>user\nthere<|im_end|>")
