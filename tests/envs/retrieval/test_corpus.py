"""The search: finds what is named, the same every time, whatever it is asked."""

from __future__ import annotations

import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_envs.retrieval.corpus import Corpus, words
from mentor_envs.retrieval.world import make_corpus

SMALL = Corpus(
    [
        ("Rosa Kruger", "Painter. Born in Kirnham."),
        ("Kirnham", "Town. Rosa Kruger is its mayor. Rosa Kruger likes it."),
        ("The The", "Band."),
        ("Empty", ""),
        ("Rosa Kruger", "Another one of that name."),
    ]
)


def found(query, most=5):
    return [document.id for document in SMALL.search(query, most)]


def test_titles_count_more_than_texts_and_equal_documents_keep_their_order():
    assert found("rosa KRUGER")[:2] == ["d1", "d5"]
    assert found("Kirnham?") == ["d2", "d1"]
    assert found("Rosa Kruger", most=1) == ["d1"]


def test_documents_without_a_word_of_the_query_are_not_shown():
    assert found("zebra") == found("?!") == found("") == []
    assert found("the painter of the town") == ["d1", "d2"]


def test_small_words_count_where_there_are_no_others():
    assert found("The The") == ["d3"]
    assert words("Where was the painter born?") == ["painter", "born"]


def test_ids_are_read_as_they_are_shown():
    assert SMALL.find(" D2 ").title == "Kirnham"
    for identity in ("d0", "d6", "2", "d", "", "d2x", "d-1", "d" + "9" * 400, "d٢"):
        assert SMALL.find(identity) is None


@settings(deadline=None)
@given(st.text(max_size=30), st.integers(1, 9))
def test_no_query_raises(query, most):
    assert len(SMALL.search(query, most)) <= min(most, 5)


def test_threads_get_what_one_alone_gets():
    # The tools of one turn run at the same time, on one index.
    corpus = make_corpus(0)
    queries = [document.title for document in corpus.documents[:200]]
    alone = [corpus.search(query, 5) for query in queries]
    together = {}

    def search(start):
        for index in range(start, len(queries), 4):
            together[index] = corpus.search(queries[index], 5)

    threads = [threading.Thread(target=search, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[index] for index in range(len(queries))] == alone


def test_the_own_document_of_a_title_comes_first():
    # One search for a name must be enough to go on.
    corpus = make_corpus(0)
    started = time.perf_counter()
    first = [corpus.search(document.title, 5)[0] for document in corpus.documents]
    assert time.perf_counter() - started < 10
    assert first == list(corpus.documents)
    assert len({document.title for document in corpus.documents}) == len(corpus.documents)
    assert make_corpus(0) is corpus


def test_documents_without_a_word_are_never_found():
    assert Corpus([("!!!", ""), ("…", "?")]).search("!!!", 5) == []
    assert [found.title for found in Corpus([("!!!", ""), ("a b", "c")]).search("b", 5)] == ["a b"]
