"""The pages, as text for a policy: WebShop's modes `text` and `text_rich`.

A page is its visible texts in order, as the original's HTML has them; each is plain text or can be
clicked. `text` joins them by ` [SEP] `. `text_rich` writes one a line, and marks texts that can be
clicked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mentor_envs.webshop.catalogue import Product

__all__ = [
    "Mode",
    "Node",
    "done_page",
    "index_page",
    "item_page",
    "render",
    "results_page",
    "sub_page",
]

Mode = Literal["text", "text_rich"]
PAGE_SIZE = 10


class Node(NamedTuple):
    """A visible text, and its kind."""

    text: str
    kind: Literal["text", "button", "option", "product"] = "text"
    clicked: bool = False


_BACK, _PREVIOUS, _NEXT = (
    Node(label, "button") for label in ("Back to Search", "< Prev", "Next >")
)
_BELOW = [Node(label, "button") for label in ("Description", "Features", "Reviews", "Buy Now")]


def index_page(instruction: str) -> list[Node]:
    """The page with the search field."""
    return [Node("WebShop"), Node("Instruction: "), Node(instruction), Node("Search", "button")]


def results_page(
    instruction: str, hits: Sequence[tuple[Product, bool]], number: int, total: int
) -> list[Node]:
    """Page `number`, counted from 1, of a search's results.

    Args:
        instruction: the customer's instruction.
        hits: the products of this page, each with true if it was opened since the index page.
        number: number of the page.
        total: number of hits on all pages.
    """
    nodes = [*_top(instruction), Node(f"Page {number} (Total results: {total})")]
    nodes += [_PREVIOUS, _NEXT] if number > 1 else [_NEXT]
    for product, opened in hits:
        nodes += [Node(product.code, "product", opened), Node(product.title)]
        nodes.append(Node(product.price_tag))
    return nodes


def item_page(
    instruction: str, product: Product, options: Iterable[tuple[str, Sequence[tuple[str, bool]]]]
) -> list[Node]:
    """A product's page; options are (name, [(label, true if chosen)])."""
    nodes = [*_top(instruction), _PREVIOUS]
    for name, labels in options:
        nodes.append(Node(name))
        nodes += [Node(label, "option", chosen) for label, chosen in labels]
    nodes += [Node(product.title), Node(f"Price: {product.price_tag}"), Node("Rating: N.A.")]
    return nodes + _BELOW


def sub_page(instruction: str, product: Product, name: str) -> list[Node]:
    """The page `description`, `features`, `reviews` or (only in `compat`) `attributes`."""
    texts: list[str] = []
    if name == "description":
        texts = [product.description]
    elif name == "features":
        texts = [f" {bullet}" for bullet in product.bullets]
    elif name == "reviews":
        for review in product.reviews:
            texts += [f'"{review.title}"', review.score, review.body]
    else:
        texts = [f" {attribute}" for attribute in product.attributes]
        texts += [product.category, product.query, product.levels]
    return [*_top(instruction), _PREVIOUS, *map(Node, texts)]


def done_page(product: Product, options: dict[str, str], reward: float) -> list[Node]:
    """The page after the purchase; most fields are filled in only on the original's web site."""
    chosen = json.dumps(options, sort_keys=True)
    for mark in "<>&'":
        chosen = chosen.replace(mark, f"\\u{ord(mark):04x}")
    texts = ["Thank you for shopping with us!", "Your code: ", "None"]
    texts += [" (Paste it in your MTurk interface.)", "Purchased", "asin", product.code]
    texts += ["options", chosen]
    for name in ("attrs", "category", "query", "product category"):
        texts += [name, "None"]
    texts += ["Target", "asin", "options", "attrs", "price upper", "instuction text", "category"]
    texts += ["product category", "query", "Goal ", "None", "Reward"]
    texts += ["Your score (min 0.0, max 1.0)", str(reward), "Reward Details ", "None"]
    return [Node(text) for text in texts]


def render(nodes: Iterable[Node], mode: Mode) -> str:
    """The page as the policy reads it."""
    shown = [node for node in map(_collapse, nodes) if node.text not in ("", "\n")]
    if mode == "text":
        return " [SEP] ".join(node.text.strip() for node in shown)
    lines, clicked = [], []
    for node in shown:
        if node.kind == "text":
            lines.append(node.text)
            continue
        before = {"button": "", "option": "  ", "product": "\n"}[node.kind]
        word = "clicked button" if node.clicked else "button"
        lines.append(f"{before}[{word}] {node.text} [{word}_]")
        if node.clicked and node.kind == "option":
            clicked.append(f"You have clicked {node.text}.")
    return "".join(f"{line}\n" for line in [*reversed(clicked), *lines])


def _top(instruction: str) -> list[Node]:
    return [Node("Instruction:"), Node(instruction), _BACK]


def _collapse(node: Node) -> Node:
    """The node as the HTML parser gives it: white space alone becomes one newline, or one space."""
    if node.text.strip(" \n\t\f\r"):
        return node
    blank = "\n" if "\n" in node.text else node.text[:1] and " "
    return node._replace(text=blank)
