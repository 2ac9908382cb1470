"""A visit to the shop: the open page, and the effects of a search or a click.

The rules are those of `web_agent_site/envs/web_agent_text_env.py` of WebShop. Faults of the
original are corrected, unless `compat` is set:

- An option's value that is also a button's name ("features") cannot be chosen there. A value of two
  options can be chosen for the last option only. Here such a value is shown and clicked as "name:
  value".
- An impossible action shows the same page again there. Here it is an error that names the possible
  actions, and the page stays. A search without a word, and a page past the last one, are empty
  pages there and errors here.
- An option's value that needs escapes in JSON is not shown as clicked there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from mentor_core.support.errors import nearest
from mentor_core.tools.tool import ToolError
from mentor_envs.webshop import pages
from mentor_envs.webshop.catalogue import Catalogue, Product
from mentor_envs.webshop.pages import PAGE_SIZE, Node

__all__ = ["Visit", "Visits"]

_BUY, _BACK, _PREVIOUS, _NEXT = "buy now", "back to search", "< prev", "next >"
_SUB_PAGES = ("description", "features", "reviews")
_ITEM_BUTTONS = (_BACK, _PREVIOUS, *_SUB_PAGES, _BUY)
_SHOWN = 20  # labels in an error message


@dataclass(slots=True)
class Visit:
    """The state of an episode; all values are immutable, and are replaced by new ones.

    Attributes:
        page: the open page; "item" is a product's own page.
        keywords: keywords of the last search, in lower case.
        hits: positions of the products that the search found.
        number: page of the results, from 1.
        product: position of the last open product.
        options: name → value of the options chosen for this product.
        opened: positions of the products opened since the index page.
        reward: reward of the purchase; None before the purchase.
    """

    page: str = "index"
    keywords: str = ""
    hits: tuple[int, ...] = ()
    number: int = 1
    product: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    opened: frozenset[int] = frozenset()
    reward: float | None = None


class _Target(NamedTuple):
    """The effect of a click: a button, or the value `label` chosen for the option `name`."""

    kind: Literal["button", "option"]
    label: str
    name: str = ""


class _Layout(NamedTuple):
    """A product page's options, as labels by name, and all its targets."""

    options: list[tuple[str, list[tuple[str, str]]]]  # name, (label, value)
    targets: dict[str, _Target]


class Visits:
    """The shop's side of all sessions; keeps no visit, so that instances share it.

    Args:
        catalogue: the products.
        search: query → positions, best first.
        compat: keep the faults of the original.
    """

    def __init__(
        self, catalogue: Catalogue, search: Callable[[str], tuple[int, ...]], compat: bool
    ) -> None:
        self.catalogue, self.find, self.compat = catalogue, search, compat
        self.layout = lru_cache(maxsize=8192)(self._layout)

    def search(self, visit: Visit, keywords: str) -> None:
        """Search, from any page.

        Raises:
            ToolError: the purchase has been made, or there is no word to search for.
        """
        self._refuse_after_purchase(visit)
        keywords = keywords.lower()
        if not keywords.strip() and not (keywords and self.compat):
            self._refuse("a search needs keywords, red shoes for example")
            return
        visit.keywords, visit.hits = keywords, self.find(keywords)
        self._open_results(visit, 1)

    def click(self, visit: Visit, label: str, buy: Callable[[], float]) -> None:
        """Click something on the open page; `buy` gives the reward of the purchase.

        Raises:
            ToolError: nothing on the page has this label.
        """
        self._refuse_after_purchase(visit)
        label = label.lower() if self.compat else label.lower().strip()
        targets = self.targets(visit)
        if label not in targets:
            self._refuse(_explain(label, list(targets)))
            return
        target = targets[label]
        if target.kind == "option":
            visit.options = visit.options | {target.name: target.label}
            return
        match target.label:
            case "back to search":
                visit.page, visit.keywords, visit.hits = "index", "", ()
                visit.number, visit.product = 1, None
                visit.options, visit.opened = {}, frozenset()
            case "next >":
                self._next(visit)
            case "< prev":
                self._previous(visit)
            case "buy now":
                visit.reward = buy()
                visit.page = "done"
            case "description" | "features" | "reviews" | "attributes":
                visit.page = target.label
            case code:
                visit.product = self.catalogue.position(code)
                visit.page = "item"
                assert visit.product is not None
                visit.opened = visit.opened | {visit.product}

    def targets(self, visit: Visit) -> dict[str, _Target]:
        """Label in lower case → target of a click, for the open page."""
        match visit.page:
            case "results":
                buttons = [_BACK, _NEXT] if visit.number == 1 else [_BACK, _PREVIOUS, _NEXT]
                codes = [self.catalogue.products[i].code.lower() for i in _on_page(visit)]
                return {label: _Target("button", label) for label in buttons + codes}
            case "item":
                assert visit.product is not None
                return self.layout(visit.product).targets
            case "index" | "done":
                return {}
            case _:
                return {label: _Target("button", label) for label in (_BACK, _PREVIOUS)}

    def nodes(self, visit: Visit, instruction: str) -> list[Node]:
        """The open page."""
        products = self.catalogue.products
        if visit.page == "index":
            return pages.index_page(instruction)
        if visit.page == "results":
            hits = [(products[i], i in visit.opened) for i in _on_page(visit)]
            return pages.results_page(instruction, hits, visit.number, len(visit.hits))
        assert visit.product is not None
        product = products[visit.product]
        if visit.page == "done":
            return pages.done_page(product, visit.options, visit.reward or 0.0)
        if visit.page != "item":
            return pages.sub_page(instruction, product, visit.page)
        chosen = self._chosen(visit, product)
        options = [
            (name, [(label, chosen(name, value)) for label, value in labels])
            for name, labels in self.layout(visit.product).options
        ]
        return pages.item_page(instruction, product, options)

    def _chosen(self, visit: Visit, product: Product) -> Callable[[str, str], bool]:
        if not self.compat:
            return lambda name, value: visit.options.get(name) == value
        keywords = "+".join(visit.keywords.split(" "))
        url = f"{product.code}/{keywords}/{visit.number}/{json.dumps(visit.options)}"
        return lambda _, value: f'"{value}"' in url

    def _open_results(self, visit: Visit, number: int) -> None:
        visit.page, visit.number = "results", number
        visit.product, visit.options = None, {}

    def _next(self, visit: Visit) -> None:
        last = max(1, -(-len(visit.hits) // PAGE_SIZE))
        if visit.number >= last and not self.compat:
            self._refuse(f"page {visit.number} is the last one")
        else:
            self._open_results(visit, visit.number + 1)

    def _previous(self, visit: Visit) -> None:
        if visit.page == "results":
            self._open_results(visit, visit.number - 1)
        elif visit.page == "item":
            self._open_results(visit, visit.number)
        else:
            visit.page = "item"

    def _layout(self, position: int) -> _Layout:
        """The labels of a product's page; in `compat` as the original looks them up."""
        product = self.catalogue.products[position]
        targets = {label: _Target("button", label) for label in _ITEM_BUTTONS}
        options = []
        if self.compat:
            for name, values in product.options.items():
                options.append((name, [(value, value) for value in values]))
                for value in values:
                    if value not in (*_ITEM_BUTTONS, "attributes", "search"):
                        targets[value] = _Target("option", value, name)
                    elif value == "attributes":
                        targets[value] = _Target("button", value)
            return _Layout(options, targets)
        owners: dict[str, set[str]] = {}
        for name, values in product.options.items():
            for value in values:
                owners.setdefault(value, set()).add(name)
        for name, values in product.options.items():
            labels = []
            for value in values:
                own, label = _Target("option", value, name), value
                if len(owners[value]) > 1 or value in _ITEM_BUTTONS:
                    label = f"{name}: {value}"
                    while label in owners or targets.get(label, own) != own:
                        label = f"{name}: {label}"
                labels.append((label, value))
                targets[label] = own
            options.append((name, labels))
        return _Layout(options, targets)

    def _refuse_after_purchase(self, visit: Visit) -> None:
        if visit.page == "done":
            raise ToolError("the purchase is made: there is nothing more to do")

    def _refuse(self, reason: str) -> None:
        """Raise ToolError; in `compat` the page is shown again instead."""
        if not self.compat:
            raise ToolError(reason)


def _on_page(visit: Visit) -> tuple[int, ...]:
    start = (visit.number - 1) * PAGE_SIZE
    return visit.hits[start : start + PAGE_SIZE]


def _explain(label: str, known: list[str]) -> str:
    shown = label if len(label) <= 40 else label[:40] + "…"
    if not known:
        return f"nothing to click here is called {shown!r}: search first"
    hint = nearest(label[:100], known)
    if hint.startswith("; known"):
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        hint = f"; to click: {', '.join(known[:_SHOWN])}{more}"
    return f"nothing to click here is called {shown!r}{hint}"
