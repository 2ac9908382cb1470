"""The English of the generated word problems: short, and with few words.

Each kind of sentence has templates for train and eval, and others for ood that train and eval
never use. The fields: {who} owns the running quantity, {item} is what is counted (plural),
{other} and {third} are other people, {n} and {m} are quantities, {k} is a small factor,
{numbers} a list of quantities. Every sentence that changes a quantity names its owner.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ITEMS", "NAMES", "PHRASES", "Phrases"]

NAMES = [
    "Tom",
    "Ann",
    "Sam",
    "Eva",
    "Ben",
    "Mia",
    "Leo",
    "Zoe",
    "Max",
    "Ida",
    "Jim",
    "Amy",
    "Dan",
    "Liv",
    "Bob",
    "Kim",
    "Ned",
    "Joy",
    "Roy",
    "May",
]
ITEMS = [
    "apples",
    "coins",
    "books",
    "eggs",
    "cards",
    "pens",
    "stones",
    "shells",
    "cups",
    "balls",
    "stamps",
    "beads",
    "keys",
    "nuts",
    "plums",
    "roses",
    "tiles",
    "toys",
    "blocks",
    "figs",
]


class Phrases(NamedTuple):
    """Templates of one kind of sentence."""

    train: tuple[str, ...]
    ood: tuple[str, ...]


PHRASES: dict[str, Phrases] = {
    # How a story begins.
    "has": Phrases(
        ("{who} has {n} {item}.", "{who} starts with {n} {item}."),
        ("There are {n} {item} in the shop of {who}.", "The stock of {who} is {n} {item}."),
    ),
    "bags": Phrases(
        ("{who} has {k} bags with {n} {item} each.", "{who} buys {k} boxes of {n} {item}."),
        (
            "On each of {k} shelves {who} stores {n} {item}.",
            "{k} trucks with {n} {item} each come to {who}.",
        ),
    ),
    "finds": Phrases(
        ("{who} finds {numbers} {item}.", "{who} gets {numbers} {item} from friends."),
        (
            "{who} counts {numbers} {item} in the crates.",
            "Deliveries of {numbers} {item} come to {who}.",
        ),
    ),
    "square": Phrases(
        (
            "{who} lays {item} in a square with {n} on each side.",
            "{who} fills a square with {item}, {n} on each side.",
        ),
        ("The garden of {who} is a square, {n} meters long, with {item} on every square meter.",),
    ),
    "cube": Phrases(
        (
            "{who} builds a cube of {item} with {n} on each edge.",
            "{who} stacks {item} to a cube, {n} on each edge.",
        ),
        ("A cube of {item} that is {n} long, {n} wide and {n} high belongs to {who}.",),
    ),
    "gap": Phrases(
        (
            "{other} has {n} {item} and {third} has {m}. {who} has as many as the difference.",
            "{other} has {n} {item}, {third} has {m}. {who} gets as many as the difference.",
        ),
        ("{who} gets one of the {item} for each degree between {n} and {m} degrees.",),
    ),
    # What happens to a quantity.
    "add": Phrases(
        (
            "{who} buys {n} more.",
            "{other} gives {who} {n} more {item}.",
            "{who} finds {n} more {item}.",
        ),
        ("A delivery brings {who} another {n} {item}.", "{n} further {item} arrive for {who}."),
    ),
    "subtract": Phrases(
        (
            "{who} gives {n} {item} to {other}.",
            "{who} loses {n} {item}.",
            "{who} sells {n} of them.",
        ),
        ("{other} takes away {n} {item} from {who}.", "A thief steals {n} {item} from {who}."),
    ),
    "multiply": Phrases(
        ("Now {who} has {k} times as many.", "Then the {item} of {who} become {k} times as many."),
        ("The stock of {who} grows by a factor of {k}.",),
    ),
    "divide": Phrases(
        (
            "{who} puts them in {k} equal bags and keeps one bag.",
            "{who} makes {k} equal parts and keeps one part.",
            "{who} shares them equally with friends: {k} people get the same, {who} is one.",
        ),
        ("Only one of {k} equal shares stays with {who}.",),
    ),
    "double": Phrases(
        (
            "The {item} of {who} double {k} times.",
            "The {item} of {who} double every day for {k} days.",
        ),
        ("For {k} weeks in a row the stock of {who} doubles every week.",),
    ),
    "modulo": Phrases(
        (
            "{who} packs full boxes of {k}, sells them and keeps what is left over.",
            "{who} gives away full groups of {k} and keeps what is left over.",
        ),
        ("Every full crate of {k} is shipped and only the remainder stays with {who}.",),
    ),
    "floor": Phrases(
        (
            "{who} trades each full group of {k} for one ticket.",
            "For every full {k} {item} {who} gets one ticket.",
        ),
        ("A complete set of {k} earns {who} one ticket; incomplete sets earn nothing.",),
    ),
    "ceil": Phrases(
        (
            "{who} packs all of them in boxes, up to {k} in a box.",
            "{who} needs boxes for all {item}, up to {k} in a box.",
        ),
        ("All {item} must travel and each of the boxes of {who} has room for {k}.",),
    ),
    "round_number": Phrases(
        (
            "{who} rounds the number to the nearest ten and gets that many.",
            "{who} wants that number rounded to tens and gets it.",
        ),
        ("The stock of {who} is then rounded to the nearest ten.",),
    ),
    "sqrt": Phrases(
        (
            "{who} lays them in a full square and keeps one row.",
            "{who} makes a full square of all {item} and keeps one side.",
        ),
        ("The {item} of {who} fill a square field exactly; only one row of it is kept.",),
    ),
    # How a story ends.
    "ask": Phrases(
        ("How many {item} does {who} have now?", "How many {item} does {who} have at the end?"),
        ("What is the final number of {item} of {who}?",),
    ),
    "together": Phrases(
        (
            "How many {item} do {who} and {other} have together?",
            "{who} and {other} put their {item} together. How many are there?",
        ),
        ("What is the total number of {item} of {who} and {other}?",),
    ),
    "more": Phrases(
        (
            "How many more {item} does {who} have than {other}?",
            "By how many {item} is {who} ahead of {other}?",
        ),
        ("By what number do the {item} of {who} exceed those of {other}?",),
    ),
}
