"""The webshop environment: WebShop's pages behind two tools, and its reward as the outcome."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import DataError
from mentor_core.tools.tool import Tool
from mentor_envs.calls import valid_arguments
from mentor_envs.generated import read_aliases
from mentor_envs.webshop.analysis import terms
from mentor_envs.webshop.expert import plan, play
from mentor_envs.webshop.goals import Goal
from mentor_envs.webshop.pages import Mode, render
from mentor_envs.webshop.shop import Shop, ShopOptions, open_shop
from mentor_envs.webshop.visit import Visit

__all__ = ["WebShop"]

_ACTION = re.compile(
    r"^\s*(?:action\s*:\s*)?(search|click)\[(.*)\]\s*$", re.IGNORECASE | re.MULTILINE
)
_ARGUMENT = {"search": "keywords", "click": "target"}


class WebShop(ToolEnv):
    """Products to be bought in a shop of many pages, by WebShop's rules; its files load.

    The outcome is the reward of the purchase, or 0.0 if nothing has been bought.
    """

    class Options(ToolEnv.Options):
        """Without files the shop is the embedded catalogue."""

        products: Path | None = Field(
            None, description="WebShop's items_shuffle.json, or its documents as JSON lines"
        )
        attributes: Path | None = Field(
            None, description="WebShop's items_ins_v2.json: attributes and instructions"
        )
        human_goals: Path | None = Field(
            None, description="WebShop's items_human_ins.json: goals written by people"
        )
        num_products: int | None = Field(
            None, ge=1, description="number of rows of the products file to read"
        )
        ood_categories: tuple[str, ...] | None = Field(
            None,
            description="categories of the shift domain alone; embedded: garden and pets",
        )
        observation_mode: Mode = Field("text", description="how pages are written")
        nouns: Literal["rule", "spacy"] = Field(
            "rule", description="tagger of the nouns of titles, for the reward"
        )
        seed: int = Field(0, description="draws prices, price bounds and the embedded splits")
        compat: bool = Field(False, description="also the original's mistakes")

        @model_validator(mode="after")
        def _need_products(self) -> Self:
            for name in ("attributes", "human_goals", "num_products"):
                if self.products is None and getattr(self, name) is not None:
                    raise ValueError(f"{name} needs products, the file with the products")
            return self

    name: ClassVar[str] = "webshop"
    system_prompt: ClassVar[str] = (
        "Buy what the instruction asks for. Search, open a product by clicking its code, "
        "click the options that are wanted, then click: buy now"
    )
    shifts = {
        "phrasing": "what eval asks for, in other words; of the embedded shop only",
        "domain": "categories of products that train never asks for",
        "tools": "eval's tasks, one of the tools renamed and described anew",
    }
    aliases = read_aliases(__package__)
    options: Options

    def __init__(self, **arguments: Any) -> None:
        if arguments.get("products") is not None:
            self.shifts = {name: text for name, text in self.shifts.items() if name != "phrasing"}
        super().__init__(**arguments)

    @cached_property
    def shop(self) -> Shop:
        """The catalogue, its search engine and its goals; shared and read-only.

        Raises:
            ConfigError: an option does not fit the files, or a package is missing.
            DataError: a file cannot be read, or a row of it is broken.
        """
        return open_shop(ShopOptions(**self.options.model_dump(exclude={"observation_mode"})))

    def make_tools(self) -> Iterable[Tool]:
        return [Tool(self.search), Tool(self.click)]

    def load_tasks(self, split: Split) -> list[Task]:
        """The goals of the split.

        Raises:
            ConfigError, DataError: see `shop`.
        """
        goals = self.shop.goals.get(split, [])
        return [
            Task(goal.id, self.name, goal.text, split=split, metadata=goal.metadata())
            for goal in goals
        ]

    def start(self, task: Task) -> Visit:
        """A visit on the index page.

        Raises:
            DataError: the task has no goal, or one for a product that the catalogue lacks.
        """
        self._goal(task)
        return Visit()

    def search(self, keywords: str) -> str:
        """Search the shop; shows the results.

        Args:
            keywords: words that describe the product.
        """
        self.shop.visits.search(self.state, keywords)
        return self._page()

    def click(self, target: str) -> str:
        """Click something on the page: a button, a product's code or an option.

        Args:
            target: what to click, as the page writes it.
        """
        self.shop.visits.click(self.state, target, self._buy)
        return self._page()

    def read_calls(self, content: str) -> list[Call]:
        """WebShop's own actions, `search[red shoes]` and `click[buy now]`, each on its line."""
        return [
            Call(name.lower(), {_ARGUMENT[name.lower()]: argument})
            for name, argument in _ACTION.findall(content)
        ]

    def reply(self, content: str) -> str | None:
        """The reply to a turn without an action, which changes nothing."""
        if not content.strip():
            return None
        if self.options.compat:
            return self._page()
        return "Error: that is no action. Call a tool, or write search[keywords] or click[target]"

    def is_over(self) -> bool:
        """True if something has been bought."""
        return bool(self.state.page == "done")

    def verify(self) -> float | None:
        """The reward of the purchase; 0.0 if nothing was bought."""
        return float(self.state.reward or 0.0)

    def expert(self, task: Task) -> Expert | None:
        """Buys a product that earns the whole reward.

        None if the known searches find no such product, or if the purchase takes more than
        `max_turns`.
        """
        calls = plan(self.shop, self._goal(task))
        return play(calls) if calls and len(calls) <= self.max_turns else None

    def canonical(self, call: Call) -> str | None:
        """Equal for searches with the same terms in any order, and for clicks in any case.

        None if the arguments are not the tool's.
        """
        arguments = valid_arguments(self.tools, call)
        if arguments is None:
            return None
        if call.name == "search":
            return f"search {' '.join(sorted(terms(arguments['keywords'])))}"
        return f"click {arguments['target'].lower().strip()}"

    def _goal(self, task: Task) -> Goal:
        goal = Goal.of(task)
        if self.shop.catalogue.position(goal.code) is None:
            raise DataError(f"task {task.id!r}: no product {goal.code!r} in the catalogue")
        return goal

    def _buy(self) -> float:
        assert self.task is not None
        visit: Visit = self.state
        assert visit.product is not None
        return self.shop.score(visit.product, visit.options, self._goal(self.task)).reward

    def _page(self) -> str:
        assert self.task is not None
        nodes = self.shop.visits.nodes(self.state, self.task.prompt)
        return render(nodes, self.options.observation_mode)
