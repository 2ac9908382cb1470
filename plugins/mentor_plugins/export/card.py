"""README.md: the model card of the Hub, with the figures that the run has measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mentor_core import __version__
from mentor_core.contracts.trajectory import iterate_trajectories
from mentor_core.support.redaction import hide
from mentor_plugins.export.figures import Figure, Served
from mentor_plugins.export.server import vllm_parser
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.config import RunConfig, to_toml
from mentor_runs.settings.model_names import is_embedded, looks_local

__all__ = ["NOT_MEASURED", "Card", "card_text"]

NOT_MEASURED = "not measured"
_NO_LICENCE = "unknown: check the base model"
_HOW_MEASURED = (
    "Success is the share of verified episodes with outcome 1, averaged over tasks. The interval "
    "is over tasks. The run played these episodes itself, with the policy `{}`, temperature {:g}, "
    "seed {}."
)
_SERVED_COLUMNS = (
    "| split | tasks | in the process | through the server | difference | 95 % interval "
    "| other calls or answer | broken |"
)
_HOW_SERVED = (
    "These files were served by `{}` and played greedily, with the tools of the environment. The "
    "student in the process played the same tasks. The difference is that of success, paired by "
    "task (bootstrap over tasks). If no task differs, the interval is a bound on the share of "
    "tasks that could differ."
)


@dataclass(slots=True)
class Card:
    """The content of a model card.

    Attributes:
        checkpoint: step of the exported checkpoint; None for the trained student.
        licence: identifier of the base's licence; None if the base states none.
        parser: registered name of the student's call parser; None if it has no name.
        dtype: dtype of the weights.
        gguf: name of the GGUF file; None if there is none.
        served: figures through the server; empty if not measured.
        notes: sentences about prompts and calls of servers.
    """

    run: RunDirectory
    checkpoint: int | None
    figures: Sequence[Figure]
    licence: str | None
    parser: str | None
    dtype: str
    gguf: str | None = None
    served: Sequence[Served] = ()
    notes: Sequence[str] = field(default_factory=list)


def card_text(card: Card) -> str:
    """The card: YAML front matter as the Hub reads it, and Markdown. Secrets are left out."""
    from huggingface_hub import ModelCard

    config, name = card.run.config, card.run.path.resolve().name
    step = "" if card.checkpoint is None else f", checkpoint of step {card.checkpoint}"
    parts = [
        f"# {name}\n\n{_about(config, step)}",
        f"## Figures\n\n{_figures(card, config)}",
        f"## Through the server\n\n{_served(card.served)}",
        f"## Base and licence\n\n{_base(card, config)}",
        f"## Data\n\n{_data(card.run, config)}",
        f"## Recipe\n\n{_recipe(card, config)}",
        f"## Use\n\n{_use(card)}",
    ]
    body = _without_places("\n\n".join(parts), card.run.path)
    return str(ModelCard(f"---\n{_data_of(card, config, name).to_yaml()}\n---\n\n{body}\n"))


def _about(config: RunConfig, step: str) -> str:
    return (
        f"A model that uses tools, trained in the environment `{config.env}` with mentor "
        f"{__version__}{step}."
    )


def _data_of(card: Card, config: RunConfig, name: str) -> Any:
    """The front matter."""
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type="text-generation",
            task_name="tool use",
            dataset_type=f"mentor/{config.env}",
            dataset_name=f"mentor environment {config.env}",
            dataset_split=figure.split,
            metric_type="success",
            metric_name=f"success, 95 % interval {_interval(figure)}",
            metric_value=round(figure.summary.success, 4),
        )
        for figure in card.figures
        if figure.when == "after" and figure.summary and figure.summary.success is not None
    ]
    local = is_embedded(config.model) or looks_local(config.model)
    local = local or Path(config.model).expanduser().exists()
    return ModelCardData(
        model_name=name,
        library_name="transformers",
        pipeline_tag="text-generation",
        base_model=None if local else config.model,
        license=card.licence,
        tags=["mentor", "tool-use", config.trainer],
        eval_results=results or None,
    )


def _figures(card: Card, config: RunConfig) -> str:
    player = config.evaluate
    lines = [
        "| split | student | episodes | success | 95 % interval |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(_row(figure))} |" for figure in card.figures),
        "",
        _HOW_MEASURED.format(player.policy, player.temperature, config.seed),
    ]
    if card.checkpoint is not None:
        lines.append(
            "The run does not evaluate checkpoints; `mentor eval RUN --checkpoint "
            f"{card.checkpoint}` does."
        )
    return "\n".join(lines)


def _row(figure: Figure) -> list[str]:
    found = figure.summary
    if found is None:
        return [figure.split, figure.when, "0", NOT_MEASURED, NOT_MEASURED]
    success = "not verified" if found.success is None else f"{found.success:.1%}"
    return [figure.split, figure.when, str(found.episodes), success, _interval(figure)]


def _interval(figure: Figure) -> str:
    ends = figure.summary.interval if figure.summary else None
    return "not verified" if ends is None else f"{100 * ends[0]:.1f} – {ends[1]:.1%}"


def _served(served: Sequence[Served]) -> str:
    if not served:
        return (
            f"{NOT_MEASURED.capitalize()}: `mentor export RUN --evaluate N` plays N tasks of each "
            "split through a server of these files."
        )
    lines = [
        _SERVED_COLUMNS,
        "|---|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(_served_row(row))} |" for row in served),
        "",
        _HOW_SERVED.format(served[0].server),
    ]
    return "\n".join(lines)


def _served_row(row: Served) -> list[str]:
    counts = [f"{row.differing} of {row.episodes}", f"{row.broken} of {row.episodes}"]
    if row.paired is None:
        return [row.split, "0", *["not verified"] * 4, *counts]
    here, there = row.paired.success
    low, high = (100 * end for end in row.interval)
    return [
        row.split,
        str(row.paired.tasks),
        f"{here:.1%}",
        f"{there:.1%}",
        f"{100 * row.paired.difference:+.1f} points",
        f"{low:+.1f} to {high:+.1f}",
        *counts,
    ]


def _base(card: Card, config: RunConfig) -> str:
    return f"- base model: `{config.model}`\n- licence of the base: {card.licence or _NO_LICENCE}"


def _data(run: RunDirectory, config: RunConfig) -> str:
    lines = [
        f"- environments, with their share of the groups: {_shares(config)}",
        f"- source of the references: `{config.source}`",
    ]
    if run.references.is_file():
        made: Counter[str] = Counter()
        for reference in iterate_trajectories(run.references):
            played_by = reference.provenance
            who = played_by and (played_by.model or played_by.player)
            made[who or reference.source or "unknown"] += 1
        by = ", ".join(f"{count} by {who}" for who, count in made.most_common())
        lines.append(f"- references: {sum(made.values())}{f' ({by})' if by else ''}")
    else:
        lines.append("- references: the run has kept none")
    return "\n".join(lines)


def _shares(config: RunConfig) -> str:
    return ", ".join(f"`{name}` {weight:g}" for name, weight in config.environments.items())


def _recipe(card: Card, config: RunConfig) -> str:
    steps = config.train.steps if card.checkpoint is None else card.checkpoint
    weights = ", ".join(f"{name} {weight:g}" for name, weight in config.reward.terms.items())
    lines = [
        f"- trainer `{config.trainer}`, optimizer steps: {steps}, credit `{config.credit}`",
        f"- reward: {weights or 'none'} ({config.reward.composer})",
    ]
    if config.warm is not None:
        lines.append(f"- warm start: `{config.warm[0]}`, {config.warm[1]} steps")
    if config.train.lora is not None:
        lines.append("- trained as an adapter, which is merged into these weights")
    return "\n".join(
        [*lines, "", "All settings of the run:", "", "```toml", to_toml(config).strip(), "```"]
    )


def _use(card: Card) -> str:
    parser = vllm_parser(card.parser)
    calls = f" --enable-auto-tool-choice --tool-call-parser {parser}" if parser else ""
    lines = [
        f"The weights are {card.dtype} safetensors. Servers:",
        "",
        "```",
        "transformers serve DIR",
        f"vllm serve DIR{calls}",
        "ollama create NAME -f DIR/Modelfile",
        "```",
    ]
    if card.gguf is not None:
        lines += ["", f"`{card.gguf}` was made by llama.cpp's converter, and was not evaluated."]
    if parser is None:
        lines += ["", "vLLM has no parser of this model's tool calls."]
    return "\n".join([*lines, *(f"\n{note[:1].upper()}{note[1:]}." for note in card.notes)])


def _without_places(text: str, run: Path) -> str:
    """The text without secrets, and without directories of the machine."""
    for place, name in ((run.resolve(), "RUN"), (Path.cwd(), "."), (Path.home(), "~")):
        if len(place.parts) > 1:
            text = text.replace(str(place), name)
    return hide(text)
