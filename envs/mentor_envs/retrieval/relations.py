"""Relations of the embedded corpus, and the English that states them and asks for them.

In the templates {s} is the subject and {o} the object. A statement stands in the subject's
document, where {s} is short (a surname, "It"). A noun phrase names the object without its name:
questions over several documents are made by putting one into another.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COMPARISONS", "KINDS", "RELATIONS", "UNSEEN", "Comparison", "Relation"]


class Relation(NamedTuple):
    """One fact that each entity of a kind has.

    Attributes:
        kind: kind of the subject.
        target: kind of the object; "year" and "number" have no documents.
        statements: sentences of the subject's document.
        noun: how a question refers to the object; "" where no question goes on from it.
        asks: questions for the object.
    """

    kind: str
    target: str
    statements: tuple[str, ...]
    noun: str
    asks: tuple[str, ...]


class Comparison(NamedTuple):
    """Which of two entities is meant: the one of the lower or the higher value of a relation."""

    relation: str
    lower: str
    higher: str


KINDS = {
    "person": "{s}",
    "town": "{s}",
    "novel": 'the novel "{s}"',
    "film": 'the film "{s}"',
    "opera": 'the opera "{s}"',
    "company": "{s}",
    "museum": "the {s}",
    "ship": "the ship {s}",
    "river": "the river {s}",
    "mountain": "Mount {s}",
}
"""Kind of entity → how a question names one."""

RELATIONS = {
    "author": Relation(
        "novel",
        "person",
        ("It was written by {o}.", "{o} wrote it.", "Its author is {o}."),
        "the author of {s}",
        ("Who wrote {s}?", "Who is the author of {s}?"),
    ),
    "publisher": Relation(
        "novel",
        "company",
        ("It was published by {o}.", "{o} published it.", "Its publisher is {o}."),
        "the publisher of {s}",
        ("Who published {s}?",),
    ),
    "setting": Relation(
        "novel",
        "town",
        ("The story is set in {o}.", "It tells of life in {o}."),
        "the setting of {s}",
        ("In which town is {s} set?",),
    ),
    "published": Relation(
        "novel",
        "year",
        ("It came out in {o}.", "It first appeared in {o}."),
        "",
        ("In which year did {s} come out?",),
    ),
    "director": Relation(
        "film",
        "person",
        ("It was directed by {o}.", "{o} directed it.", "Its director was {o}."),
        "the director of {s}",
        ("Who directed {s}?", "Who is the director of {s}?"),
    ),
    "film_composer": Relation(
        "film",
        "person",
        ("The music is by {o}.", "{o} composed the music."),
        "the composer of the music of {s}",
        ("Who composed the music of {s}?",),
    ),
    "filmed_in": Relation(
        "film",
        "town",
        ("It was shot in {o}.", "Most scenes were filmed in {o}."),
        "the town where {s} was filmed",
        ("In which town was {s} filmed?",),
    ),
    "released": Relation(
        "film",
        "year",
        ("It came to the cinemas in {o}.", "It was released in {o}."),
        "",
        ("In which year was {s} released?",),
    ),
    "founder": Relation(
        "company",
        "person",
        ("It was founded by {o}.", "{o} founded it.", "Its founder was {o}."),
        "the founder of {s}",
        ("Who founded {s}?", "Who is the founder of {s}?"),
    ),
    "seat": Relation(
        "company",
        "town",
        ("Its offices are in {o}.", "It has its seat in {o}."),
        "the home town of {s}",
        ("In which town does {s} have its seat?",),
    ),
    "founded": Relation(
        "company",
        "year",
        ("It has existed since {o}.", "The year of its foundation is {o}."),
        "",
        ("In which year was {s} founded?",),
    ),
    "architect": Relation(
        "museum",
        "person",
        ("It was designed by {o}.", "{o} was the architect.", "Its plans are by {o}."),
        "the architect of {s}",
        ("Who designed {s}?", "Who is the architect of {s}?"),
    ),
    "location": Relation(
        "museum",
        "town",
        ("It stands in {o}.", "Visitors find it in the middle of {o}."),
        "the town of {s}",
        ("In which town does {s} stand?",),
    ),
    "opened": Relation(
        "museum",
        "year",
        ("It opened in {o}.", "Its doors have been open since {o}."),
        "",
        ("In which year did {s} open?",),
    ),
    "birthplace": Relation(
        "person",
        "town",
        ("{s} was born in {o}.", "{o} is where {s} was born."),
        "the birthplace of {s}",
        ("In which town was {s} born?", "Where was {s} born?"),
    ),
    "born": Relation(
        "person",
        "year",
        ("The year of birth is {o}.", "{s} came into the world in {o}."),
        "",
        ("In which year was {s} born?",),
    ),
    "teacher": Relation(
        "person",
        "person",
        ("{s} learned the trade from {o}.", "{o} was the teacher of {s}."),
        "the teacher of {s}",
        ("Who was the teacher of {s}?", "From whom did {s} learn the trade?"),
    ),
    "grave": Relation(
        "person",
        "town",
        ("{s} is buried in {o}.", "The grave of {s} is in {o}."),
        "the burial place of {s}",
        ("In which town is {s} buried?", "Where is the grave of {s}?"),
    ),
    "flows_by": Relation(
        "town",
        "river",
        ("It lies on the river {o}.", "The river {o} flows through it."),
        "the river that flows through {s}",
        ("Which river flows through {s}?", "What is the name of the river in {s}?"),
    ),
    "mayor": Relation(
        "town",
        "person",
        ("The mayor is {o}.", "{o} is its mayor."),
        "the mayor of {s}",
        ("Who is the mayor of {s}?",),
    ),
    "population": Relation(
        "town",
        "number",
        ("It has {o} inhabitants.", "{o} people live there."),
        "",
        ("How many inhabitants does {s} have?", "How many people live in {s}?"),
    ),
    "source": Relation(
        "river",
        "mountain",
        ("It rises on Mount {o}.", "Its source is on Mount {o}."),
        "the mountain on which {s} rises",
        ("On which mountain does {s} rise?",),
    ),
    "length": Relation(
        "river",
        "number",
        ("It is {o} km long.", "Its length is {o} km."),
        "",
        ("How many km long is {s}?",),
    ),
    "climber": Relation(
        "mountain",
        "person",
        ("It was first climbed by {o}.", "{o} was the first to climb it."),
        "the first climber of {s}",
        ("Who was the first to climb {s}?",),
    ),
    "height": Relation(
        "mountain",
        "number",
        ("It is {o} m high.", "Its height is {o} m."),
        "",
        ("How many m high is {s}?",),
    ),
    "captain": Relation(
        "ship",
        "person",
        ("Its captain was {o}.", "{o} commanded it."),
        "the captain of {s}",
        ("Who was the captain of {s}?",),
    ),
    "shipyard": Relation(
        "ship",
        "town",
        ("It was built in {o}.", "Its keel was laid in {o}."),
        "the town where {s} was built",
        ("In which town was {s} built?",),
    ),
    "composer": Relation(
        "opera",
        "person",
        ("It was composed by {o}.", "{o} composed it."),
        "the composer of {s}",
        ("Who composed {s}?",),
    ),
    "premiere": Relation(
        "opera",
        "town",
        ("It was first sung in {o}.", "Its first night was in {o}."),
        "the town of the premiere of {s}",
        ("In which town was the premiere of {s}?",),
    ),
}
"""Name → relation."""

UNSEEN = frozenset({"grave", "captain", "shipyard", "composer", "premiere"})
"""Relations that the questions of train and eval never use."""

COMPARISONS = (
    Comparison(
        "published", "the older of the novels {a} and {b}", "the newer of the novels {a} and {b}"
    ),
    Comparison(
        "released", "the older of the films {a} and {b}", "the newer of the films {a} and {b}"
    ),
    Comparison(
        "founded",
        "the older of the companies {a} and {b}",
        "the younger of the companies {a} and {b}",
    ),
    Comparison(
        "opened", "the older of the museums {a} and {b}", "the newer of the museums {a} and {b}"
    ),
    Comparison("born", "the older one of {a} and {b}", "the younger one of {a} and {b}"),
    Comparison(
        "population", "the smaller of the towns {a} and {b}", "the larger of the towns {a} and {b}"
    ),
    Comparison(
        "length", "the shorter of the rivers {a} and {b}", "the longer of the rivers {a} and {b}"
    ),
    Comparison(
        "height",
        "the lower of the mountains {a} and {b}",
        "the higher of the mountains {a} and {b}",
    ),
)
