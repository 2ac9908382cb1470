"""A run's parts: a wrong name, option or combination stops the run before a model is loaded."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.env import ActionGate
from mentor_core.play.rollout import Start
from mentor_core.support.errors import ConfigError, DataError, PluginError
from mentor_plugins.policies.scripted import ScriptedPolicy
from mentor_runs.assembly.assemble import assemble, make_reward
from mentor_runs.assembly.references import References, find_references
from mentor_runs.settings.config import RewardConfig
from mentor_runs.settings.resolve import resolve

MARKED = "2 and 3 are <<2+3=5>>5\n#### 5"


def parts_of(reward="mentor", rows=None, tmp_path=None, **settings):
    options = settings.pop("env_options", {"train_size": 4, "eval_size": 3, "ood_size": 2})
    if rows is not None:
        file = tmp_path / "tasks.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        options = {"tasks_file": str(file)}
    reward = {"preset": reward} if isinstance(reward, str) else {"terms": reward}
    return assemble(resolve({"reward": reward, "env_options": options, **settings}))


def rows_of(*answers):
    return [{"question": "2 and 3?", "answer": a, "split": "train"} for a in answers]


def test_every_task_has_a_verified_reference_where_there_is_an_expert():
    tasks, references = parts_of().training_tasks()
    assert len(tasks) == 4
    assert {reference.outcome for t in tasks for reference in references.get(t)} == {1.0}


class Asked:
    """A source that remembers which tasks it was asked for."""

    def __init__(self, source, without=()):
        self.source, self.without, self.asked = source, set(without), []
        self.plays = True

    def find(self, tasks, env):
        self.asked.append([task.id for task in tasks])
        return self.source.find([task for task in tasks if task.id not in self.without], env)


def played_by(parts, steps):
    """The tasks that a run would play."""
    tasks = parts.training_tasks()[0]
    parts.sampler.start(tasks, parts.config.seed)
    return [task for step in range(steps) for task in parts.sampler.choose(2 * step, 2)]


FEW_STEPS = {
    "env_options": {"train_size": 60, "max_steps": 2},
    "train": {"steps": 3, "tasks_per_step": 2},
}


def asking(without=(), reward="mentor", **settings):
    parts = parts_of(reward, **{**FEW_STEPS, **settings})
    return replace(parts, source=Asked(parts.source, without))


@pytest.mark.parametrize("reward", ["mentor", "sparse"])
def test_references_are_collected_of_the_tasks_that_a_run_reaches(reward):
    """With 16 tasks used, those of all 4,096 were collected and written: 51 MB."""
    parts = asking(reward=reward)
    tasks, references = parts.training_tasks()
    reached = {task.key for task in played_by(parts, 3)}
    assert len(tasks) == 60
    assert set(references.of) == reached
    assert len(parts.source.asked[0]) == len(reached) == 6


def test_tasks_are_chosen_as_if_all_references_had_been_collected():
    """What a seed gives does not change with how much is looked at."""
    parts = asking()
    domain = parts.domains["calculator"]
    everything = find_references(parts.source.source, domain.tasks("train"), domain.env)
    parts.sampler.start([t for t in domain.tasks("train") if everything.get(t)], 0)
    expected = [task.id for step in range(3) for task in parts.sampler.choose(2 * step, 2)]
    assert [task.id for task in played_by(parts, 3)] == expected


@given(without=st.sets(st.integers(0, 59)), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_every_task_that_is_played_has_a_reference_where_the_reward_needs_one(without, seed):
    lacking = {f"train-0-{number}" for number in without}
    parts = asking(lacking, seed=seed)
    try:
        _, references = parts.training_tasks()
    except ConfigError:
        assert len(without) == 60
        return
    played = played_by(parts, 3)
    assert {task.key for task in played} == set(references.of)
    assert not lacking & {task.id for task in played}


def test_a_sampler_that_does_not_know_what_it_reaches_is_given_references_of_all():
    parts = asking()
    for sampler in parts.sampler.samplers.values():
        object.__setattr__(sampler, "reach", lambda count: None)
    _, references = parts.training_tasks()
    assert len(references.of) == 60


def test_a_run_that_only_evaluates_asks_for_no_references():
    parts = asking(train={"steps": 0})
    assert parts.training_tasks() == ([], References({}, {}))
    assert parts.source.asked == []


class Shut(ActionGate):
    def refuse(self, call, task, turns):
        return "shut"


def test_settings_reach_the_parts():
    parts = parts_of(
        rollout={"max_turns": 3, "temperature": 0.5, "max_turn_tokens": 7},
        evaluate={"tasks": 2},
        gate=f"{__file__}:Shut",
    )
    env = parts.domains["calculator"].env
    settings = (env.max_turns, parts.sampling.temperature, parts.limits.max_turn_tokens)
    assert settings == (3, 0.5, 7)
    assert env.gate.refuse(None, None, ()) == "shut"
    assert [len(parts.evaluation_tasks(split)) for split in ("eval", "ood")] == [2, 2]
    assert parts.make_env["calculator"]() is not env


def test_tasks_without_a_reference_are_left_out_where_a_term_needs_one(tmp_path):
    rows = rows_of("5", MARKED, "#### 5")
    tasks, references = parts_of({"teacher": 1}, rows, tmp_path).training_tasks()
    assert [task.id for task in tasks] == ["row-2"]
    assert len(references.get(tasks[0])) == 1


def test_tasks_without_a_reference_are_kept_where_no_term_needs_one(tmp_path):
    tasks, references = parts_of("sparse", rows_of("5", MARKED), tmp_path).training_tasks()
    assert len(tasks) == 2
    assert set(references.of) == {("calculator", "row-2")}


def test_a_term_that_needs_a_teacher_stops_where_there_is_none(tmp_path):
    """Every reward would be unscored, and the run would learn nothing for hours."""
    with pytest.raises(ConfigError, match=r"teacher.* need a verified reference, .* of the 2"):
        parts_of({"teacher": 1, "outcome": 1}, rows_of("5", "5"), tmp_path).training_tasks()


def test_why_references_were_refused_is_said(tmp_path):
    parts = parts_of({"teacher": 1}, rows_of(MARKED), tmp_path)
    env = parts.domains["calculator"].env
    task = env.tasks("train")[0]
    env.expert = lambda _: iter_answer()

    def iter_answer():
        yield "Answer: 6", []

    assert task.metadata["steps"]
    with pytest.raises(ConfigError, match=r"\(references refused: 1 outcome wrong\)"):
        parts.training_tasks()


def test_an_environment_without_training_tasks_stops():
    with pytest.raises(ConfigError, match="'calculator' has no task to train on"):
        parts_of(env_options={"train_size": 0}).training_tasks()


def test_a_broken_row_stops_with_file_and_line(tmp_path):
    parts = parts_of("sparse", [*rows_of("5"), {"question": "?", "anser": 1}], tmp_path)
    with pytest.raises(DataError, match=r"tasks.jsonl:2: no key 'answer'; did you mean anser"):
        parts.training_tasks()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"env": "calculater"}, "unknown environment 'calculater'; did you mean calculator"),
        ({"policy": "transformer"}, "unknown policy 'transformer'; did you mean transformers"),
        ({"parser": "hermse"}, "unknown parser 'hermse'; did you mean hermes"),
        ({"gate": "allow"}, "unknown gate 'allow'"),
        ({"source": "exprt"}, "unknown source 'exprt'; did you mean expert"),
        ({"sampler": "unifrm"}, "unknown sampler 'unifrm'; did you mean uniform"),
        ({"credit": "groups"}, "unknown credit 'groups'; did you mean group"),
        ({"trackers": ["json"]}, "unknown tracker 'json'; did you mean jsonl"),
        ({"env_options": {"train_sise": 3}}, "'calculator': unknown option 'train_sise'.*size"),
        ({"env_options": {"min_steps": 9}}, "'calculator': option 'min_steps': .*at most 6"),
        ({"env_options": {"max_turns": 3}}, "env_options.max_turns: set rollout.max_turns instead"),
        ({"env_options": {"parser": "x"}}, "env_options.parser: set parser instead"),
        ({"env_options": {"split": "eval"}}, "env_options.split: .*set evaluate.splits"),
        ({"env_options": {"render_mode": None}}, "env_options.render_mode: .*leave it out"),
        (
            {"env_options": {"calculator": {"train_size": 3}}},
            "env_options.calculator: this run has the environment 'calculator' alone, .* directly",
        ),
        (
            {"source_options": {"sed": 3}},
            "source 'expert': unknown option 'sed'; did you mean seed",
        ),
        ({"credit_options": {"scale": "x"}}, "credit 'group': option 'scale': .*'batch'"),
        ({"sampler_options": {"x": 1}}, "sampler 'uniform': unknown option 'x'"),
        (
            {"evaluate": {"splits": ["eval", "frasing"]}},
            "calculator has no split 'frasing'; did you mean phrasing.*Known: train, eval, ood",
        ),
    ],
)
def test_a_wrong_name_or_option_names_the_nearest(settings, message):
    with pytest.raises(ConfigError, match=message):
        parts_of(**settings)


@pytest.mark.parametrize(
    ("reward", "message"),
    [
        ({"terms": {"outcom": 1}}, "unknown reward term 'outcom'; did you mean outcome"),
        (
            {"terms": {"outcome": 1}, "term_options": {"teacher": {}}},
            r"term_options.teacher: 'teacher' is not among the reward's terms \(outcome\)",
        ),
        (
            {"terms": {"teacher": 1}, "term_options": {"teacher": {"mod": "set"}}},
            "reward term 'teacher': unknown option 'mod'; did you mean mode",
        ),
        ({"terms": {"teacher": 1}, "composer": "outcome_gated"}, "requires .* outcome"),
        ({"terms": {"outcome": 1}, "composer": "outcome-gated"}, "did you mean outcome_gated"),
        ({"terms": {}}, "at least one term"),
    ],
)
def test_a_wrong_reward_says_what_does_not_fit(reward, message):
    with pytest.raises(ConfigError, match=message):
        make_reward(RewardConfig(**{"composer": "weighted_sum", **reward}))


# What fails at the first batch is told at the start ---------------------------------------------


@pytest.mark.parametrize("preset", ["mentor-paper", "sparse", "toolrl"])
def test_a_credit_that_needs_rewards_per_turn_is_refused_where_the_composer_gives_none(preset):
    with pytest.raises(ConfigError, match=r"credit 'turn' needs .* per turn, and .* 'rules' gives"):
        parts_of(preset, credit="turn")
    assert parts_of(credit="turn").credit.needs_turns


@pytest.mark.parametrize(
    ("term", "options", "what"),
    [
        ("tool_selection", {"against": "gold"}, "the task's gold calls"),
        ("arguments", {"against": "gold"}, "the task's gold calls"),
        ("toolrl", {"against": "gold"}, "the task's gold calls"),
        ("arguments", {"mode": "strict"}, "the schemas of the task's tools"),
    ],
)
def test_a_term_that_compares_with_what_no_task_has_stops_the_run(term, options, what):
    """Every reward would be unscored."""
    reward = {"preset": "", "terms": {term: 1}, "term_options": {term: options}}
    config = resolve({"reward": reward, "env_options": {"train_size": 3}})
    with pytest.raises(ConfigError, match=f"{term} need {what}, .* of the 3 .* of 'calculator'"):
        assemble(config).training_tasks()


def test_options_of_policies_are_checked_without_a_model():
    with pytest.raises(
        ConfigError, match=r"policy 'transformers': unknown option 'batch'; .* max_batch_size"
    ):
        parts_of(policy_options={"batch": 3}).check_policies()
    parts_of(policy_options={"max_batch_size": 3}).check_policies()


# Several environments ----------------------------------------------------------------------------

MIXED = {"env": "calculator,dice=0.5", "env_options": {"calculator": {"train_size": 4}}}


def test_each_environment_brings_its_tasks_tools_and_references(outsider):
    parts = parts_of(**MIXED, evaluate={"tasks": 2})
    assert list(parts.domains) == list(parts.make_env) == ["calculator", "dice"]
    assert [domain.env.name for domain in parts.domains.values()] == ["calculator", "dice"]
    assert list(parts.domains["dice"].env.tools) == ["throw"]
    assert parts.domains["calculator"].env.options.train_size == 4
    tasks, references = parts.training_tasks()
    assert [task.env for task in tasks] == ["calculator"] * 4 + ["dice"] * 6
    assert {t.outcome for task in tasks for t in references.get(task)} == {1.0}
    assert all(reference.env == env for (env, _), (reference, *_) in references.of.items())
    assert [t.env for t in parts.evaluation_tasks("ood")] == ["calculator"] * 2 + ["dice"] * 2
    parts.sampler.start(tasks, 0)
    assert [task.env for task in parts.sampler.choose(0, 3)] == ["calculator", "dice", "calculator"]


def test_an_environment_without_a_shift_gives_it_no_task_and_says_so(outsider):
    parts = parts_of(**MIXED, evaluate={"tasks": 2, "splits": ["eval", "phrasing"]})
    assert [t.env for t in parts.evaluation_tasks("phrasing")] == ["calculator"] * 2
    assert parts.check_splits(["eval", "phrasing"]) == [
        "dice has no shift 'phrasing' and gives no task to this split"
    ]
    with pytest.raises(ConfigError, match="no split 'numbrs'; did you mean numbers"):
        parts.check_splits(["numbrs"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"env": "calculator,dce"}, "unknown environment 'dce'; did you mean dice"),
        ({"env": "calculator,dice,dice"}, "env: 'dice' is given twice"),
        ({"env": "calculator,dice=0"}, "env: the weight of 'dice' is '0'"),
        ({"env": "calculator,dice=nan"}, "env: the weight of 'dice' is 'nan'"),
        (
            {"env_options": {"train_size": 4}},
            "env_options.train_size: .*NAME one of calculator, dice",
        ),
        ({"env_options": {"calclator": {}}}, "'calclator' is not an env.*did you mean calculator"),
        ({"env_options": {"dice": {"sides": 6}}}, "environment 'dice': unknown option 'sides'"),
        (
            {"env_options": {"dice": {"max_turns": 3}}},
            "env_options.dice.max_turns: set rollout.max",
        ),
    ],
)
def test_a_wrong_mixture_names_what_is_wrong(outsider, settings, message):
    with pytest.raises(ConfigError, match=message):
        parts_of(**{**MIXED, **settings})


@pytest.mark.parametrize("term", ["teacher", "outcome"])
def test_what_one_environment_lacks_is_told_with_its_name(outsider, tmp_path, term):
    """The run would go on with the other one, and nobody would notice."""
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows_of("5", "5")))
    options = {"calculator": {"tasks_file": str(file)}}
    parts = parts_of({term: 1}, env="dice,calculator", env_options=options)
    if term == "outcome":
        assert len(parts.training_tasks()[0]) == 8
        return
    with pytest.raises(
        ConfigError, match=r"need a verified reference, .* 2 .* tasks of 'calculator'"
    ):
        parts.training_tasks()


def test_two_built_in_environments_are_played_side_by_side():
    settings = {
        "env": "calculator=0.5,webshop",
        "env_options": {"calculator": {"train_size": 4}, "webshop": {"observation_mode": "text"}},
    }
    parts = parts_of("sparse", **settings)
    tasks, _ = parts.training_tasks()
    parts.sampler.start(tasks, 0)
    chosen = parts.sampler.choose(0, 6)
    assert [task.env for task in chosen].count("webshop") == 4
    rollout = parts.rollout(ScriptedPolicy(turns=["Answer: 1"]), parts.executor())
    played = rollout.run([Start(task, i, i) for i, task in enumerate(chosen)])
    rollout.close()
    assert [t.task_key for t in played] == [task.key for task in chosen]
    shown = {t.env: set(t.tools) for t in played}
    assert shown["webshop"] == {"search", "click"}
    assert "add" in shown["calculator"]
    assert "error" not in {t.end for t in played}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "dice"', 'name = "die"', "environment 'dice' calls itself 'die'"),
        ('"dice", prompt', '"die", prompt', "'dice': its task 'train-1' has env 'die'"),
    ],
)
def test_an_environment_that_goes_by_another_name_is_found_out(outsider, old, new, message):
    """Its episodes would be counted as another's."""
    file = outsider / "mentor_plugin_xyz" / "dice.py"
    assert old in file.read_text()
    file.with_name("other.py").write_text(file.read_text().replace(old, new))
    init = outsider / "mentor_plugin_xyz" / "__init__.py"
    init.write_text(init.read_text().replace("mentor_plugin_xyz.dice:", "mentor_plugin_xyz.other:"))
    with pytest.raises(PluginError, match=message):
        parts_of(env="dice", env_options={}).training_tasks()


def test_references_that_need_more_turns_are_not_blamed_on_the_tasks():
    with pytest.raises(ConfigError, match=r"a verified reference.* more turns than .*max_turns=1"):
        parts_of(rollout={"max_turns": 1}).training_tasks()
