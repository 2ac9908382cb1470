"""The gallery: every registered part with its description and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mentor_core.door.registry import (
    COMPOSERS,
    CREDITS,
    CRITICS,
    ENVIRONMENTS,
    GATES,
    JUDGES,
    LESSONS,
    OBJECTIVES,
    PARSERS,
    PLANS,
    POLICIES,
    PRESETS,
    RECIPES,
    RECORD_FORMATS,
    REPORTS,
    REWARD_TERMS,
    SAMPLERS,
    SOURCES,
    STUDENTS,
    TEACHERS,
    TRACKERS,
    TRAINERS,
    Kind,
)
from mentor_site.markdown import of_docstring, table
from mentor_site.parts import Option, Part, parts

__all__ = ["GROUPS", "options_table", "pages"]


@dataclass(frozen=True, slots=True)
class Group:
    """A page of the gallery.

    Attributes:
        guide: the page that explains these kinds, with examples.
        kinds: kind → how a user names one of its parts, and the part's options.
    """

    title: str
    guide: str
    kinds: Mapping[Kind[Any], str]


def _setting(key: str) -> str:
    return f"`--set {key}=NAME`, options with `--set {key}_options.OPTION=VALUE`"


GROUPS: Mapping[str, Group] = {
    "gallery/environments.md": Group(
        "Environments",
        "environments/index.md",
        {
            ENVIRONMENTS: "`--env NAME`, options with `--set env_options.OPTION=VALUE`",
            STUDENTS: "`--model embedded/NAME`",
            GATES: _setting("gate"),
            JUDGES: _setting("judge"),
        },
    ),
    "gallery/rewards.md": Group(
        "Rewards",
        "rewards.md",
        {
            REWARD_TERMS: "`--rewards NAME=WEIGHT`, options with "
            "`--set reward.term_options.NAME.OPTION=VALUE`",
            COMPOSERS: "`--set reward.composer=NAME`, options with "
            "`--set reward.composer_options.OPTION=VALUE`",
            PRESETS: "`--rewards NAME`",
        },
    ),
    "gallery/learning.md": Group(
        "Ways to learn",
        "learning.md",
        {
            TRAINERS: _setting("trainer"),
            RECIPES: "`--recipe NAME`",
            CREDITS: _setting("credit"),
            CRITICS: _setting("critic"),
            OBJECTIVES: _setting("objective"),
            SAMPLERS: _setting("sampler"),
            PLANS: _setting("plan"),
            LESSONS: "`--set trainer_options.lessons=NAME`, options with "
            "`--set trainer_options.lessons_options.OPTION=VALUE`",
        },
    ),
    "gallery/teachers.md": Group(
        "Teachers and their records",
        "teachers.md",
        {
            TEACHERS: "`mentor teach --teacher NAME`, options with `--option OPTION=VALUE`",
            SOURCES: _setting("source"),
            RECORD_FORMATS: "`--format NAME` of `mentor teacher export` and `import`",
        },
    ),
    "gallery/models.md": Group(
        "Policies and call formats",
        "models.md",
        {
            POLICIES: _setting("policy"),
            PARSERS: "`--set parser=NAME`",
        },
    ),
    "gallery/results.md": Group(
        "Trackers and reports",
        "trackers.md",
        {
            TRACKERS: "`--set 'trackers=[\"NAME\"]'`, options with "
            "`--set tracker_options.NAME.OPTION=VALUE`",
            REPORTS: "`--set 'reports=[\"NAME\"]'`, options with "
            "`--set report_options.NAME.OPTION=VALUE`",
        },
    ),
}
"""Path of a page → what is on it. Commands are in the reference."""


def pages() -> dict[str, str]:
    """Path → Markdown of every page of the gallery, the first of which lists all names."""
    found = {kind: parts(kind) for group in GROUPS.values() for kind in group.kinds}
    made = {"gallery/index.md": "\n\n".join(_index(found))}
    for path, group in GROUPS.items():
        made[path] = "\n\n".join(_page(group, found))
    return made


def _index(found: Mapping[Kind[Any], list[Part]]) -> Iterator[str]:
    yield "# Gallery"
    yield (
        "Every part that mentor brings, made from the code. "
        "`mentor plugins` lists the same parts, and those that you have installed."
    )
    rows = [
        [
            f"[{_title(kind)}]({path.removeprefix('gallery/')}#{_anchor(kind)})",
            ", ".join(f"`{part.name}`" for part in found[kind]) or "none built in",
        ]
        for path, group in GROUPS.items()
        for kind in group.kinds
    ]
    yield table(["kind", "built in"], rows)


def _page(group: Group, found: Mapping[Kind[Any], list[Part]]) -> Iterator[str]:
    yield f"# {group.title}"
    yield f"This page is made from the code. [The guide](../{group.guide}) has examples."
    for kind, chosen in group.kinds.items():
        yield f"## {_title(kind)}"
        hook = f"[`{kind.hook}`](../reference/hooks.md#{kind.hook})"
        yield f"Chosen with {chosen}. The hook is {hook}."
        for part in found[kind]:
            yield f"### {part.name}"
            yield of_docstring(part.description)
            if part.options:
                yield options_table(part.options)
            yield f"Defined in {part.place}."


def options_table(options: tuple[Option, ...] | list[Option], name: str = "option") -> str:
    """A table of options or settings."""
    return table(
        [name, "type", "default", "meaning"],
        ([f"`{one.name}`", one.type, one.default, one.description] for one in options),
    )


def _title(kind: Kind[Any]) -> str:
    plural = f"{kind.name[:-1]}ies" if kind.name.endswith("y") else f"{kind.name}s"
    return plural.capitalize()


def _anchor(kind: Kind[Any]) -> str:
    return _title(kind).lower().replace(" ", "-")
