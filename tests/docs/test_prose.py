"""The prose of documentation and sources is plain English, as far as a test can find out.

README.md and docs/ are read without code blocks, tables and HTML comments. A heading, a paragraph
and a list item are units of their own, and no sentence spans two of them. Docstrings are read in
the same way, and so are the messages of errors and the help texts of options.
"""

import ast
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
FILES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SOURCES = [
    "benchmarks",
    "envs",
    "mentor_core",
    "plugins/mentor_lab",
    "plugins/mentor_plugins",
    "plugins/mentor_runs",
    "plugins/mentor_toolkit",
]
PROMPTS = {("envs/mentor_envs/calculator/tools.py", "modulo")}
"""Docstrings of tools that models were trained on, word by word."""
MARKDOWN = MarkdownIt("commonmark").enable("table")
MOST_WORDS = 25
SENTENCE = re.compile(
    r"\S.*?(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\bal)[.!?][\"')]*(?=\s)|\Z)", re.DOTALL
)
FRONTED = re.compile(r"(?:Of|Whether|What(?! (?:is|are|do|does|can)\b.*\?$))\s")
CONDITION = re.compile(
    r"\bwhere\s(?:there|it|they|one|none|no|not|nothing|neither|nobody|that|this|given|known)\b"
    r"|\b(?:None|NaN|True|False|empty|also|only|and|\d+(?:\.\d+)?)\swhere\s|^Where\s",
    re.IGNORECASE,
)
SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
ENTRY = re.compile(r" {4}(?=\S)(?:[\w*., `]+: )?")


@dataclass(frozen=True)
class Sentence:
    text: str  # a code span is one word: its blanks are replaced
    line: int
    heading: bool = False

    @property
    def words(self):
        return [word for word in self.text.split() if re.search(r"\w", word)]

    @property
    def fault(self):
        """What is wrong with the sentence, or None."""
        if len(self.words) > MOST_WORDS:
            return f"{len(self.words)} words, at most {MOST_WORDS} are readable"
        if self.heading:
            return None
        if FRONTED.match(self.text):
            return f"begins with {self.text.split()[0]!r}: the subject comes first"
        if CONDITION.search(self.text):
            return "'where' names a place: write 'if' for a condition"
        return None


def sentences(markdown):
    """Every sentence of a page, in order."""
    in_table = in_heading = False
    for token in MARKDOWN.parse(markdown):
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        if token.type == "inline" and not in_table:
            text = "".join(map(plain, token.children))
            for found in SENTENCE.finditer(text):
                line = token.map[0] + 1 + text.count("\n", 0, found.start())
                yield Sentence(" ".join(found[0].split()), line, in_heading)


def plain(token):
    """The text of a part of a paragraph, without marks and link targets."""
    if token.type == "code_inline":
        return "`" + "_".join(token.content.split()) + "`"
    return {"softbreak": "\n", "hardbreak": "\n", "text": token.content}.get(token.type, "")


def docstrings(tree):
    """(line, name, text) of every docstring, those of attributes among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for each in node.body:
                match each:
                    case ast.Expr(ast.Constant(str(text))):
                        yield each.lineno, getattr(node, "name", ""), inspect.cleandoc(text)


def as_markdown(docstring):
    """The docstring, line by line; entries of sections are list items, examples are left out."""
    lines, section, example = [], None, False
    for line in docstring.split("\n"):
        example = bool(line) and (example or line.startswith(">>>") or line.strip() == "\b")
        title = SECTION.fullmatch(line)
        if title:
            section = title[1]
        elif line and not line.startswith(" "):
            section = None
        if example or title:
            lines.append("")
        elif section in ("Returns", "Yields"):
            lines.append(line[4:])
        elif section and ENTRY.match(line):
            lines.append(ENTRY.sub("- ", line, count=1))
        elif section:
            lines.append(line[6:])
        else:
            lines.append(line)
    return "\n".join(lines)


def messages(tree):
    """(line, text) of the messages of errors, and of the help texts of options."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            raised = ast.unparse(node.func).endswith("Error")
            named = ("help", "short_help", "description")
            given = [keyword.value for keyword in node.keywords if keyword.arg in named]
            for each in [*node.args, *given] if raised else given:
                match each:
                    case ast.Constant(str(text)):
                        yield each.lineno, text
                    case ast.JoinedStr(parts):
                        texts = (getattr(part, "value", "") for part in parts)
                        yield each.lineno, "".join(t if isinstance(t, str) else "X" for t in texts)


def found_faults(place, found, line=1):
    """The faults of sentences, each with its place."""
    return [
        f"{place}:{line + sentence.line - 1}: {sentence.fault}\n    {sentence.text}"
        for sentence in found
        if sentence.fault
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_prose_is_plain(path):
    faults = found_faults(path.relative_to(ROOT), sentences(path.read_text(encoding="utf-8")))
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("folder", SOURCES)
def test_the_prose_of_the_sources_is_plain(folder):
    faults, read = [], 0
    for path in sorted((ROOT / folder).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, name, text in docstrings(tree):
            if (place, name) not in PROMPTS:
                faults += found_faults(place, sentences(as_markdown(text)), line)
                read += 1
        for line, text in messages(tree):
            for part in text.split("; "):
                faults += found_faults(place, [Sentence(" ".join(part.split()), line)])
    assert read and not faults, "\n".join(["", *faults])


def test_only_prose_is_read():
    page = "# A title\n\n<!-- a note -->\n```sh\nmake run\n```\n\n| a | b |\n|---|---|\n| c | d |\n"
    page += "\nOne\nline, e.g. `a b. c` and [a link](x.md). Another!\n\n- an item\n- one more\n"
    assert [(s.text, s.line) for s in sentences(page)] == [
        ("A title", 1),
        ("One line, e.g. `a_b._c` and a link.", 12),
        ("Another!", 13),
        ("an item", 15),
        ("one more", 16),
    ]


@given(st.integers(1, 60))
def test_a_sentence_is_as_long_as_its_words(count):
    (sentence,) = sentences("word " * count)
    assert len(sentence.words) == count
    assert (sentence.fault is None) == (count <= MOST_WORDS)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Of several environments each has a student.", False),
        ("Whether it fits, the check finds out.", False),
        ("What a model writes is data.", False),
        ("The default is `a`, where there is no GPU.", False),
        ("The score; None where the task has no answer.", False),
        ("Where a file is missing, the run stops.", False),
        ("What does a run do?", True),
        ("The folder where the file lies is kept.", True),
    ],
)
def test_riddles_are_found(text, plain):
    (sentence,) = sentences(text)
    assert (sentence.fault is None) == plain


def test_only_prose_of_a_docstring_is_read():
    source = '''def read(path):
    """Read a file.

    Args:
        path: the file, which
            has lines.
        *more: others.

    Returns:
        The lines of
        all.

    A table:

        a   b

    >>> read("a")
    1
    \\b
    mentor read
    """
    raise DataError(f"{path}: cannot be read: {why}")
'''
    tree = ast.parse(source)
    ((line, name, text),) = docstrings(tree)
    assert (line, name) == (2, "read")
    assert [(s.text, s.line) for s in sentences(as_markdown(text))] == [
        ("Read a file.", 1),
        ("the file, which has lines.", 4),
        ("others.", 6),
        ("The lines of all.", 9),
        ("A table:", 12),
    ]
    assert list(messages(tree)) == [(22, "X: cannot be read: X")]
