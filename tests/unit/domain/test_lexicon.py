"""How an utterance is read: clauses, what hides what, gaps and stems."""

from agent.domain.lexicon import LONGEST_GAP, Entry, Lexicon, entries
from agent.domain.word_classes import WordClass as W
from agent.domain.words import sentences, words_of


def _lexicon(**lists: str) -> Lexicon:
    read: list[Entry] = []
    for name, text in lists.items():
        for entry in text.split(","):
            read += entries(W(name), entry)
    return Lexicon("xx", tuple(read))


def test_words_are_compared_without_case_accents_and_apostrophes() -> None:
    assert words_of("Arrêtez D'APPELER, n\u2019appelez plus") == (
        *("arretez", "d", "appeler", "n", "appelez", "plus"),
    )
    assert words_of("don't") == words_of("do not") == words_of("dont")
    assert words_of("6.900 euro") == ("6", "900", "euro")


def test_a_sentence_knows_its_question_mark_and_its_commas() -> None:
    first, second = sentences("Well, is it free? It is 6.900 euros.")
    assert first.asked
    assert first.commas == {1}
    assert not second.asked
    assert len(second.words) == 5


def test_clauses_begin_at_commas_and_at_words_that_join_thoughts() -> None:
    said = _lexicon(**{"break": "but", "if": "if"}).read("no, call but if you must")
    assert [" ".join(clause.words) for clause in said.clauses] == [
        *("no", "call", "but", "if you must")
    ]
    assert [clause.conditional for clause in said.clauses] == [False, False, False, True]


def test_a_comma_before_a_word_that_goes_on_ends_no_clause() -> None:
    lexicon = _lexicon(join="to", stop="stop")
    assert len(lexicon.read("stop, to call").clauses) == 1
    assert len(lexicon.read("stop, you call").clauses) == 2


def test_a_longer_expression_hides_the_words_inside_it() -> None:
    lexicon = _lexicon(never="no more", none_of="no", hold="one moment", please="one")
    (clause,) = lexicon.read("no more").clauses
    assert clause.has(W.NEVER)
    assert not clause.has(W.NO)
    # "One moment" is of no class that hides.
    (clause,) = lexicon.read("one moment").clauses
    assert clause.has(W.HOLD)
    assert clause.has(W.PLEASE)


def test_a_gap_is_bridged_up_to_its_length_and_a_stem_to_any_ending() -> None:
    lexicon = _lexicon(remove="take ~ off, delet*")
    assert lexicon.read("take " + "x " * LONGEST_GAP + "off").has(W.REMOVE)
    assert not lexicon.read("take " + "x " * (LONGEST_GAP + 1) + "off").has(W.REMOVE)
    assert lexicon.read("deleting").has(W.REMOVE)


def test_words_behind_a_place_are_counted_without_those_of_a_class() -> None:
    (clause,) = _lexicon(please="please").read("robot please in the garage").clauses
    assert clause.besides(W.PLEASE, behind=0) == 3
