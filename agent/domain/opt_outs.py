"""Whether a caller asks not to be called again, read clause by clause.

    certain   an order or a plain wish to this company, for good: acted upon at once
    likely    the same as a question, with a perhaps, or only discontent: the caller is asked
    not       about a time, a telephone, somebody else, another thing, or nothing of the kind

A clause counts by what its words do, in any order: who acts, what is negated, for how long. What
takes it back can stand in another clause: "don't call this number, *call my mobile*".
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from agent.domain.lexicon import Clause, Utterance
from agent.domain.word_classes import WordClass as W


class OptOut(StrEnum):
    """How sure it is that the caller wants no more calls."""

    CERTAIN = "certain"
    LIKELY = "likely"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class OptOutVerdict:
    """The verdict, and the rule that gave it (empty when none spoke)."""

    level: OptOut
    rule: str = ""


NO_OPT_OUT = OptOutVerdict(OptOut.NOT)


def judge_opt_out(said: Utterance) -> OptOutVerdict:
    """The strongest verdict of the rules, over all clauses of what was said."""
    found = NO_OPT_OUT
    for number, clause in enumerate(said.clauses):
        for rule in _RULES:
            level = rule(clause, said, number)
            if level is OptOut.NOT:
                continue
            level = _softened(level, clause, said, number)
            if STRENGTH[level] > STRENGTH[found.level]:
                found = OptOutVerdict(level, rule.__name__.strip("_"))
    return found


STRENGTH = {OptOut.NOT: 0, OptOut.LIKELY: 1, OptOut.CERTAIN: 2}
_Rule = Callable[[Clause, Utterance, int], OptOut]


def _softened(level: OptOut, clause: Clause, said: Utterance, number: int) -> OptOut:
    """What is asked, supposed, softened or told of others is less certain, or nothing."""
    if _is_about_others(clause, said, number):
        return OptOut.NOT
    if clause.conditional:
        level = _supposed(level, said, number)
    if said.has(W.FINE) and not clause.has(W.STOP, W.NEVER, W.RIGHT):
        return OptOut.NOT
    sentence = [each for each in said.clauses[: number + 1] if each.sentence == clause.sentence]
    soft = any(each.has(W.HEDGE) for each in sentence) or clause.has(W.WHEN, W.WHERE, W.SOURCE)
    acts = clause.at(W.CONTACT, W.CALLS, W.REMOVE)
    wondered = any(place < acts[0] for place in clause.at(W.ASK)) if acts else False
    if level is OptOut.CERTAIN and (
        wondered or soft or _is_question(clause, said, number) or _advised(clause)
    ):
        return OptOut.LIKELY
    return level


def _supposed(level: OptOut, said: Utterance, number: int) -> OptOut:
    """ "If I asked you to stop" asks nothing; "I'd be glad if you stopped" is a polite order."""
    if said.clauses[number].has(W.HEDGE):
        return OptOut.LIKELY
    governing = said.clauses[number - 1] if number else None
    if governing is None or not governing.has(W.WANT, W.HEDGE, W.LIKE):
        return OptOut.NOT
    return OptOut.LIKELY if governing.has(W.HEDGE) else level


def _advised(clause: Clause) -> bool:
    """A wish, but whose? "My daughter says I should ...", "he said: stop calling"."""
    if clause.before(W.HOUSEHOLD, W.SAY) and (
        clause.before(W.SAY, W.SELF) or not clause.has(W.YOU)
    ):
        return True
    # "Stop phoning him" may speak for him.
    return clause.has(W.THIRD) and not clause.has(W.ME)


def _never_call(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "Never call me again", "stop calling", "no more calls": a negation for good."""
    if not _is_contact(clause):
        return OptOut.NOT
    if clause.has(W.NEED_NOT) and not _offers_another_way(said, number):
        return OptOut.LIKELY  # "there's no need to ring back"
    if not (_for_good(clause) or _sealed(clause, said, number)):
        return OptOut.NOT
    if clause.has(W.NEED_NOT, W.FORGET_NOT, W.CORRECTION, W.DOOR) or said.has(W.NAMING):
        return OptOut.NOT
    if _caller_is_the_one_who_calls(clause):
        return OptOut.NOT
    if clause.has(W.PAST) and not clause.has(W.SAY, W.STOP, W.FORBID):
        return OptOut.NOT  # "I never got the call that you promised"
    if _is_question(clause, said, number) and clause.has(W.WHEN):
        return OptOut.NOT  # "why don't you call again next week"
    if _offers_another_way(said, number):
        return OptOut.LIKELY if clause.has(W.NEVER, W.AGAIN) else OptOut.NOT
    if clause.has(W.PERMISSION) or (clause.has(W.LIKE) and not clause.has(W.WANT)):
        return OptOut.LIKELY
    return OptOut.CERTAIN


def _do_not_call(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "Don't call me": a plain negation, without a time and without another way."""
    if not _is_contact(clause) or not clause.has(W.NOT, W.NO) or _for_good(clause):
        return OptOut.NOT
    if said.has(W.NAMING):
        return OptOut.NOT
    if clause.has(W.NEED_NOT, W.FORGET_NOT, W.PAST, W.WHEN, W.WHERE, W.CORRECTION, W.THINK):
        return OptOut.NOT
    if clause.has(W.STOP, W.DOOR):
        return OptOut.NOT  # "they don't stop calling", "don't ring at the door"
    if clause.has(W.HOUSEHOLD) and not clause.has(W.SAY):
        return OptOut.NOT  # "don't contact my husband about it, contact me"
    if _caller_is_the_one_who_calls(clause) or _limits_elsewhere(said, number):
        return OptOut.NOT
    if _is_question(clause, said, number) and not clause.has(W.KEEP, W.WANT, W.PASSIVE):
        return OptOut.NOT  # "couldn't you call on Monday"
    bare = (W.NOT, W.NO, W.CONTACT, W.CALLS, W.ME, W.YOU, W.PLEASE, W.BREAK, W.WANT, W.SELF, W.MAY)
    ordered = clause.has(W.CONTACT) and clause.consists_of(*bare, W.OURS, W.PASSIVE)
    return OptOut.CERTAIN if ordered else OptOut.LIKELY


def _remove(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "Take me off your list", "delete my number"."""
    meant = _is_ours(clause) or (clause.has(W.LIST) and clause.has(W.ME, W.SELF))
    if not clause.has(W.REMOVE) or not meant:
        return OptOut.NOT
    if said.has(W.CORRECTION) or clause.has(W.NEED_NOT, W.FORGET_NOT, W.NOT, W.PAST):
        return OptOut.NOT
    if said.has(W.RECORDING) and not clause.has(W.IDENTITY, W.LIST):
        return OptOut.NOT
    return OptOut.CERTAIN


def _blocklist(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "Put me on your do-not-call list" is an order, "I am on it" a hint."""
    if not clause.has(W.BLOCKLIST) or clause.has(W.NO):
        return OptOut.NOT
    if clause.has(W.PUT):
        return OptOut.CERTAIN
    return OptOut.NOT if clause.has(W.NOT) else OptOut.LIKELY


def _right(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "I object", "unsubscribe", "I withdraw my consent"."""
    if not clause.has(W.RIGHT) or clause.has(W.NOT):
        return OptOut.NOT
    return OptOut.LIKELY if clause.has(W.PAST) else OptOut.CERTAIN


def _leave_alone(clause: Clause, said: Utterance, number: int) -> OptOut:
    """ "Leave us alone"; not "leave me in peace to think about it"."""
    if not clause.has(W.ALONE) or clause.has(W.THINK) or clause.has(W.CORRECTION):
        return OptOut.NOT
    if not clause.has(W.ME, W.OURS, W.HOUSEHOLD) and len(clause.words) > 4:
        return OptOut.NOT  # "leave the old meter alone"
    return OptOut.CERTAIN if clause.has(W.CALLS, W.CONTACT) else OptOut.LIKELY


def _discontent(clause: Clause, said: Utterance, number: int) -> OptOut:
    """Words about our calls that are no wish: "you keep calling", "I did not give permission"."""
    about_calls = clause.has(W.CONTACT, W.CALLS, W.CONTACTED)
    callers = [each for each in said.clauses if each.has(W.CONTACT, W.CALLS, W.CONTACTED)]
    if callers and all(_is_about_others(each, said, said.clauses.index(each)) for each in callers):
        return OptOut.NOT  # "my supplier rings me all day, that's harassment"
    if any(each.has(W.NOT) and each.consists_of(W.NOT, W.YOU, W.BREAK) for each in said.clauses):
        return OptOut.NOT  # "they keep calling, not you"
    if clause.has(W.RECORDING) or _limits_elsewhere(said, number):
        return OptOut.NOT
    signs = (
        clause.has(W.SOURCE) and clause.has(W.IDENTITY, W.LIST),
        clause.has(W.REFUSED) and not clause.has(W.CORRECTION),
        clause.has(W.ANNOYED) and not clause.has(W.SELF) and said.has(W.CALLS, W.CONTACT, W.YOU),
        clause.has(W.ANNOYED) and said.has(W.CALLS, W.CONTACT, W.CONTACTED),
        clause.has(W.COMPLAIN) and not clause.has(W.PAST, W.NOT, W.ASK),
        clause.has(W.KEEP) and about_calls and clause.has(W.YOU) and not clause.has(W.PAST, W.NOT),
        clause.has(W.PERMISSION) and clause.has(W.NOT, W.NO, W.NEVER) and not clause.has(W.WHEN),
        clause.has(W.LIKE)
        and clause.has(W.NOT)
        and (about_calls or _goes_on_about_calls(said, number))
        and not clause.has(W.WHEN),
        clause.has(W.LISTED) and clause.has(W.OURS, W.LIST, W.SELF) and _wary(clause),
        clause.has(W.HEDGE) and clause.has(W.REMOVE) and clause.has(W.SELF),
        clause.has(W.NEVER) and clause.has(W.OURS) and clause.has(W.IDENTITY) and clause.has(W.YOU),
        clause.has(W.HEDGE) and clause.has(W.NOT, W.NEVER, W.NO) and about_calls,
        clause.near(W.ME, W.IDENTITY, 2) and clause.has(W.NOT, W.NO) and clause.has(W.YOU, W.LIST),
    )
    if said.has(W.NAMING):
        return OptOut.NOT
    unwelcome = any(signs) and not _caller_is_the_one_who_calls(clause)
    excused = clause.has(W.NEED_NOT, W.FORGET_NOT) or said.has(W.CORRECTION)
    return OptOut.LIKELY if unwelcome and not excused else OptOut.NOT


_RULES: tuple[_Rule, ...] = (
    _never_call,
    _do_not_call,
    _remove,
    _blocklist,
    _right,
    _leave_alone,
    _discontent,
)


def _is_ours(clause: Clause) -> bool:
    """ "Me", "this number", "my bloody number"."""
    return clause.has(W.OURS) or clause.near(W.ME, W.IDENTITY, 2)


def _goes_on_about_calls(said: Utterance, number: int) -> bool:
    """ "I don't like it *when you call*"."""
    behind = said.clauses[number + 1 : number + 2]
    return any(each.conditional and each.has(W.CONTACT, W.CALLS, W.CONTACTED) for each in behind)


def _wary(clause: Clause) -> bool:
    return clause.has(W.NOT, W.NO, W.NEVER, W.HEDGE)


def _is_contact(clause: Clause) -> bool:
    """Whether the clause is about somebody's calling; "called" only where it is done to us."""
    if clause.has(W.CONTACT, W.CALLS):
        return True
    return clause.has(W.CONTACTED) and clause.has(W.PASSIVE, W.WANT, W.MAY)


def _for_good(clause: Clause) -> bool:
    if clause.has(W.NEVER):
        return True
    if clause.has(W.NOT, W.NO) and clause.has(W.AGAIN):
        return True
    # "Don't stop calling" is the opposite.
    return clause.has(W.STOP, W.FORBID) and not clause.has(W.NOT)


def _sealed(clause: Clause, said: Utterance, number: int) -> bool:
    """ "Don't bother calling back, *ever*": the clause behind makes it one for good."""
    if not clause.has(W.NOT, W.NO, W.NEED_NOT) or number + 1 >= len(said.clauses):
        return False
    behind = said.clauses[number + 1]
    return behind.has(W.NEVER, W.AGAIN) and behind.consists_of(W.NEVER, W.AGAIN, W.PLEASE, W.NOT)


_BETWEEN = (W.NOT, W.NEVER, W.AGAIN, W.MAY, W.YOU, W.ME, W.NO)


def _caller_is_the_one_who_calls(clause: Clause) -> bool:
    """ "I don't call any more": only helpers stand between "I" and the verb, and nobody orders."""
    covered = clause.covered(*_BETWEEN)
    for start in clause.at(W.SELF):
        place = start + 1
        while place in covered:
            place += 1
        if place in clause.at(W.CONTACT, W.CALLS):
            return True
    # German and Dutch turn it around: "bel ik nooit meer".
    return clause.near(W.CONTACT, W.SELF, 1) and not clause.has(W.WANT, W.SAY, W.PASSIVE)


def _is_about_others(clause: Clause, said: Utterance, number: int) -> bool:
    """Somebody else is meant, or only quoted: "my brother never wants to be called"."""
    quoted = next(
        (
            each
            for each in said.clauses[: number + 1]
            if each.sentence == clause.sentence and each.has(W.SAY) and each.has(W.THIRD)
        ),
        None,
    )
    if quoted is not None and not quoted.before(W.SAY, W.YOU) and not quoted.before(W.YOU, W.SAY):
        return True
    if quoted is not None and quoted.before(W.THIRD, W.SAY) and quoted.before(W.SAY, W.THIRD):
        return True  # "he told them to stop"
    if clause.has(W.SUPPLIER) and clause.has(W.CONTACT, W.CALLS, W.REMOVE, W.SAY):
        return True
    if not clause.has(W.THIRD) or clause.has(W.SAY):
        return False
    acts = clause.at(
        *(W.CONTACT, W.CALLS, W.CONTACTED, W.REMOVE, W.ALONE, W.ANNOYED, W.BLOCKLIST),
        *(W.STOP, W.FORBID),
    )
    first = acts[0] if acts else len(clause.words)
    if clause.at(W.THIRD)[0] < first and not clause.before(W.YOU, W.THIRD):
        return True
    # "Stop phoning him" speaks for him; "don't phone him" may mean: phone me.
    return not clause.has(W.ME, W.OURS, W.STOP, W.NEVER, W.AGAIN)


def _is_question(clause: Clause, said: Utterance, number: int) -> bool:
    """Asked by its mark or by its first words; "all right?" behind an order asks nothing."""
    if clause.opens_with(W.ASK):
        return True
    if clause.asked:
        return not (clause.has(W.CONFIRM) and len(clause.words) <= 2)
    rest = said.clauses[number + 1 :]
    return (
        bool(rest)
        and rest[0].asked
        and rest[0].sentence == clause.sentence
        and not (rest[0].has(W.CONFIRM) and len(rest[0].words) <= 3)
    )


def _offers_another_way(said: Utterance, number: int) -> bool:
    """Whether a clause asks for a call: "call my mobile", "you can call on Monday"."""
    return any(
        (clause.has(W.INSTEAD) or (clause.has(W.CONTACT) and clause.has(W.WHERE)))
        and not _for_good(clause)
        and not clause.has(W.NOT, W.NO)
        for clause in said.clauses
    )


def _limits_elsewhere(said: Utterance, number: int) -> bool:
    """Whether another clause says when or where we may call."""
    return _offers_another_way(said, number) or any(
        clause.has(W.WHEN, W.WHERE) and len(clause.words) <= 4 and not clause.has(W.NOT)
        for place, clause in enumerate(said.clauses)
        if place != number
    )
