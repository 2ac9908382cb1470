"""The prose of the documentation is plain English, as far as a test can find out.

The test reads README.md and docs/ without code blocks, tables and HTML comments. A heading, a
paragraph and a list item are units of their own, and no sentence spans two of them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
FILES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MOST_WORDS = 25
SENTENCE = re.compile(
    r"\S.*?(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\bal)[.!?][\"')]*(?=\s)|\Z)", re.DOTALL
)
FRONTED = re.compile(r"(?:Of|Whether|What(?! (?:is|are|do|does|can)\b.*\?$))\s")
CONDITION = re.compile(
    r"\bwhere\s(?:there|it|they|one|none|no|not|nothing|neither|nobody|that|this)\b|^Where\s",
    re.IGNORECASE,
)


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
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_prose_is_plain(path):
    faults = [
        f"{path.relative_to(ROOT)}:{sentence.line}: {sentence.fault}\n    {sentence.text}"
        for sentence in sentences(path.read_text(encoding="utf-8"))
        if sentence.fault
    ]
    assert not faults, "\n".join(["", *faults])


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
        ("Where a file is missing, the run stops.", False),
        ("What does a run do?", True),
        ("The folder where the file lies is kept.", True),
    ],
)
def test_riddles_are_found(text, plain):
    (sentence,) = sentences(text)
    assert (sentence.fault is None) == plain
