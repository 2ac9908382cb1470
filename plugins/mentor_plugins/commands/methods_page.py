"""The page of methods in Markdown, made from the recipes: `mentor methods --markdown`."""

from __future__ import annotations

from collections.abc import Sequence

import tomli_w

from mentor_runs.settings.recipes import Recipe

__all__ = ["page"]

_HEAD = """# Methods

Published methods are recipes: `mentor run --recipe NAME` uses the method NAME. `mentor methods`
lists the methods. This page is made by `mentor methods --markdown`, from the recipes' files. Each
file has the method's settings, and a table `[method]` with the words of this page.

A method changes one or more of three things: the *reward model*, the *feedback* that a token gets,
and the *optimisation* of the student. The proof of each method is a test that runs in seconds, and
that a broken variant fails. A proof shows the mechanism and not a gain in success.

| method | what it is | changes |
|---|---|---|
"""


def page(recipes: Sequence[Recipe]) -> str:
    """The page, with a row and a section a method.

    Args:
        recipes: with methods.
    """
    rows = [
        f"| [`{recipe.name}`](#{recipe.name}) | {recipe.description} | "
        f"{', '.join(recipe.method.axes)} |"
        for recipe in recipes
        if recipe.method
    ]
    return "\n".join([_HEAD + "\n".join(rows), *map(_section, recipes)])


def _section(recipe: Recipe) -> str:
    method = recipe.method
    assert method is not None
    facts = {
        "Source": method.source,
        "Use": method.use,
        "Cost": method.cost,
        "Proof": f"{method.proof} `pytest {method.test}`",
        "Left out": method.left_out,
    }
    lines = "\n".join(f"- **{title}:** {text}" for title, text in facts.items())
    settings = tomli_w.dumps(recipe.settings).strip()
    return (
        f"\n## {recipe.name}\n\n{recipe.description}.\n\n{lines}\n\n```toml\n{settings}\n```\n\n"
        f"```console\n$ mentor run --recipe {recipe.name} --dry-run\n```\n"
    )
