"""How the questions are worded: several ways for each kind.

Fields: `what` is what is asked about, with its conditions ("books whose genre is crime"); `one`
and `many` a row and several; `labels` and `label` the names by which rows are known; `noun` a
column; `parent` fields belong to the table that is referred to.
"""

from __future__ import annotations

__all__ = ["PHRASES"]

PHRASES: dict[str, tuple[str, ...]] = {
    "count": (
        "How many {what} are there?",
        "What is the number of {what}?",
        "Count the {what}.",
    ),
    "unknown": (
        "How many {many} have no known {noun}?",
        "For how many {many} is the {noun} not known?",
        "Count the {many} whose {noun} is missing.",
    ),
    "list": (
        "List the {labels} of the {what}.",
        "What are the {labels} of the {what}?",
        "Give me the {labels} of all {what}.",
    ),
    "lookup": (
        "What is the {noun} of the {one} {name}?",
        "Find the {noun} of the {one} {name}.",
        "Tell me the {noun} of the {one} called {name}.",
    ),
    "aggregate": (
        "What is the {operation} {noun} of the {what}?",
        "Find the {operation} {noun} of the {what}.",
        "Give the {operation} {noun} of all {what}.",
    ),
    "extreme": (
        "What is the {label} of the one with the {end} {noun} among the {what}?",
        "Of the {what}, which has the {end} {noun}? Give the {label}.",
        "Give the {label} of the {one} with the {end} {noun} among the {what}.",
    ),
    "top": (
        "List the {labels} of the {k} {many} with the {end} {noun}, the {end} first.",
        "Which {k} {many} have the {end} {noun}? Give their {labels}, the {end} first.",
        "Starting with the {end} {noun}, give the {labels} of the first {k} {many}.",
    ),
    "ranking": (
        "List the {labels} of the {what} by {noun}, the {end} first.",
        "Give the {labels} of the {what}, ordered by {noun} with the {end} first.",
        "Sort the {what} by {noun}, the {end} first, and list their {labels}.",
    ),
    "group count": (
        "For each {kind}, give the {kind} and the number of {many}.",
        "How many {many} are there of each {kind}? Give the {kind} and the number.",
        "Count the {many} by {kind}; show the {kind} and the count.",
    ),
    "group aggregate": (
        "For each {kind}, give the {kind} and the {operation} {noun} of the {many}.",
        "What is the {operation} {noun} of the {many} of each {kind}? Give the {kind} too.",
        "Show each {kind} of the {many} with the {operation} {noun}.",
    ),
    "having": (
        "List each {kind} that more than {n} {many} have.",
        "Which {kind} values do more than {n} {many} have?",
        "Find every {kind} that is shared by more than {n} {many}.",
    ),
    "commonest": (
        "Which {kind} do the most {many} have?",
        "What is the most frequent {kind} among the {many}?",
        "Find the {kind} that occurs most often among the {many}.",
    ),
    "distinct": (
        "How many different {kind} values do the {what} have?",
        "Count the different {kind} values of the {what}.",
    ),
    "parent lookup": (
        "What is the {noun} of the {parent} of the {one} {name}?",
        "Find the {noun} of the {parent} to which the {one} {name} belongs.",
    ),
    "parent count": (
        "For each {parent} with at least one {one}, give the {label} and the number of {many}.",
        "How many {many} does each {parent} have? Give {label} and number, without zeros.",
    ),
    "parent aggregate": (
        "Give {label} and {operation} {noun} of the {many} for each {parent} with a {one}.",
        "Show the {label} of each {parent} that has {many}, with their {operation} {noun}.",
    ),
    "parent most": (
        "Which {parent} has the most {many}? Give the {label}.",
        "Give the {label} of the {parent} with the largest number of {many}.",
    ),
    "parent having": (
        "List the {labels} of the {parents} with more than {n} {many}.",
        "Which {parents} have more than {n} {many}? Give their {labels}.",
    ),
    "parent none": (
        "List the {labels} of the {parents} that have no {many}.",
        "Which {parents} do not have any {many}? Give their {labels}.",
    ),
    "above average": (
        "List the {labels} of the {many} whose {noun} is above the average of all {many}.",
        "Which {many} have a {noun} above the average {noun} of all {many}? Give the {labels}.",
    ),
    "alike": (
        "List the {labels} of the other {many} with the same {kind} as {name}.",
        "Apart from {name}, which {many} have the same {kind} as {name}? Give the {labels}.",
    ),
}
"""Kind of question → its wordings."""
