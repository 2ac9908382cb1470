"""The English of the generated tasks: several sentences for each chore, with its fields."""

from __future__ import annotations

__all__ = ["OPENINGS", "PHRASES"]

PHRASES: dict[str, tuple[str, ...]] = {
    "make_directory": (
        "Make a directory {path}.",
        "Create the directory {path}.",
        "Set up a new folder {path}.",
    ),
    "write": (
        'Write "{text}" to a new file {path}.',
        'Create {path} with the text "{text}".',
        'Make a file {path} that says "{text}".',
    ),
    "append": (
        'Add the line "{text}" to the end of {path}.',
        'Append "{text}" to {path}.',
        'Put one more line at the end of {path}: "{text}".',
    ),
    "move": (
        "Move {path} to the directory {directory}.",
        "Put {path} into {directory} instead of where it is.",
        "Move the file {path} into {directory}.",
    ),
    "copy": (
        "Copy {path} to the directory {directory}.",
        "Put a copy of {path} into {directory}.",
        "Make a copy of {path} in {directory}.",
    ),
    "rename": (
        "Rename {path} to {name}.",
        "Give {path} the new name {name}.",
        "Change the name of {path} to {name}.",
    ),
    "sort_lines": (
        "Sort the lines of {path} and save them as {new}.",
        "Save the lines of {path} in alphabetical order as {new}.",
        "Put the lines of {path}, sorted by the alphabet, into a new file {new}.",
    ),
    "sort_numbers": (
        "Sort the numbers in {path}, largest first, and save them as {new}.",
        "Save the numbers of {path} from large to small as {new}.",
        "Put the numbers of {path} into a new file {new}, the largest at the top.",
    ),
    "join": (
        "Add the text of {path} to the end of {other}.",
        "Append all lines of {path} to {other}; leave {path} as it is.",
        "Put what {path} says at the end of {other}, too.",
    ),
    "find_and_move": (
        'Move the file in {source} that mentions "{word}" to {directory}.',
        'One file in {source} has the word "{word}". Move it to {directory}.',
        'Find the file with "{word}" in {source} and put it into {directory} instead.',
    ),
    "find_and_copy": (
        'Copy the file in {source} that mentions "{word}" to {directory}.',
        'One file in {source} has the word "{word}". Copy it to {directory}.',
        'Find the file with "{word}" in {source} and put a copy of it into {directory}.',
    ),
    "list_names": (
        "Write the names of the files in {directory} to {new}, one a line, by the alphabet.",
        "Save an alphabetical list of the file names in {directory} as {new}, one a line.",
        "Make a file {new} with one line for each file in {directory}: its name, by the alphabet.",
    ),
    "save_difference": (
        "Save the line that is in {second} but not in {first} as {new}.",
        "Find the line that {first} lacks and {second} has, and write it to {new}.",
        "{second} has one line that {first} has not. Put it into a new file {new}.",
    ),
    "ask_value": (
        "What is the {key} in {path}?",
        "Which {key} does {path} give?",
        "Tell me the {key} from {path}.",
    ),
    "ask_file": (
        'Which file in {source} mentions "{word}"?',
        'What is the name of the file in {source} with the word "{word}"?',
        'Tell me which file in {source} has the word "{word}".',
    ),
    "ask_largest": (
        "What is the largest number in {path}?",
        "Which number in {path} is the largest?",
        "Tell me the largest number of {path}.",
    ),
    "ask_difference": (
        "Which line is in {second} but not in {first}?",
        "What does {second} say that {first} does not?",
        "Tell me the line that {first} lacks and {second} has.",
    ),
}

OPENINGS = (
    "In the directory {directory} (other paths begin with /): ",
    "Go to {directory}. From there, where / is the top: ",
)
"""How a task begins whose paths start in a directory."""
