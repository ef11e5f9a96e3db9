"""What a caller wants to know or have besides the subject: a person, the truth, a name, a moment.

    wants_person    "put me through to somebody": the transfer, never a sentence about robots
    asks_if_robot   "are you a machine?": the truth in a sentence
    who_is_it       "who is calling?": the company, and that it is an artificial intelligence
    wait            "one moment, I fetch my bill": patience
    no_recording    "I don't want to be recorded": the recording stops, the talk goes on

Each question is judged by who is spoken of (you, this voice, somebody who could come to the phone)
and by what follows the noun: "is it a machine *you put in the garage*" asks after no robot.
"""

from agent.domain.lexicon import Clause, Utterance
from agent.domain.word_classes import WordClass as W

FILLERS = (W.PLEASE, W.BREAK, W.CONFIRM, W.SHAKE, W.NOD, W.HEDGE)


def wants_person(said: Utterance) -> str:
    """The rule by which the speaker wants to talk to a person, or ""."""
    if said.consists_of(*FILLERS, *_PEOPLE, W.ARTICLE) and said.has(*_PEOPLE):
        return "only a person is named"
    for clause in said.clauses:
        if clause.has(W.PAST) or _about_third(clause) or _names_a_number(clause):
            continue
        if _caller_gives(clause) or (clause.has(W.WHO_IS_IT) and not clause.has(*_PEOPLE)):
            continue
        named = clause.has(*_PEOPLE) and clause.consists_of(*FILLERS, *_PEOPLE, W.ARTICLE, W.SELF)
        if named and said.has(W.MAY_I, W.WANT):
            return "a person, they say"
        if clause.has(W.CONNECT) and not clause.has(W.NOT, W.NEVER, W.NO):
            return "put through"
        someone = clause.has(*_PEOPLE)
        if someone and clause.has(W.GIVE):
            return "give me somebody"
        wishes = clause.has(W.WANT, W.MAY_I) or (clause.has(W.IS_THERE) and clause.has(W.SELF))
        if someone and wishes and clause.has(W.TALK) and not _comes_by(clause):
            return "talk to somebody"
        human = clause.has(W.HUMAN) and not clause.has(W.BE_YOU)
        beside = _beside_the_kind(clause) if human else 0
        asked_for = clause.before(W.WANT, W.HUMAN) or clause.before(W.MAY_I, W.HUMAN)
        if human and ((asked_for and beside <= 1) or (clause.has(W.WANT) and beside == 0)):
            return "wants a human"
        if clause.has(W.WHO) and clause.has(W.TALK) and clause.has(W.MAY_I):
            return "whom can I talk to"
        if clause.has(W.REFUSE) and clause.has(W.ROBOT):
            return "no talk with a robot"
        nameless = clause.has(W.TALK) and clause.before(W.HUMAN, W.TALK)
        if nameless and clause.has(W.MAY_I):
            return "talk to somebody"
    return ""


def asks_if_robot(said: Utterance) -> str:
    """The rule by which the speaker asks whether this is a machine, or ""."""
    for clause in said.clauses:
        if clause.has(W.PAST, W.REFUSE) or not clause.has(*_KINDS):
            continue
        beside = _beside_the_kind(clause)
        machine = clause.has(W.ROBOT)
        if clause.before(W.BE_YOU, *_KINDS) and beside <= (3 if machine else 0):
            return "you are"
        talking = clause.has(W.TALK) and not clause.has(W.NOT, W.WANT, W.MAY_I)
        if talking and clause.has(W.SELF, W.ME, W.BE_THIS) and beside <= machine:
            return "talking to"
        this = clause.before(W.BE_THIS, *_KINDS) and not _about_third(clause)
        if this and beside <= machine:
            return "this is"
        anybody = clause.has(W.IS_THERE) and clause.has(W.HUMAN, W.REAL) and beside <= 1
        if anybody and not clause.has(W.MAY_I, W.SELF):
            return "is anybody there"
        really = clause.has(W.IS_THERE) and clause.has(W.REAL) and clause.has(W.SOMEONE)
        if really and not clause.has(W.TALK, W.MAY_I):
            return "is anybody there"
        heard = any(each.has(W.VOICE) and each.sentence == clause.sentence for each in said.clauses)
        if heard and beside <= 2:
            return "the voice"
        if clause.asked and clause.has(W.ROBOT, W.HUMAN) and len(clause.words) <= 3:
            return "a robot?"
    return ""


def who_is_it(said: Utterance) -> str:
    """The rule by which the speaker asks who or which company is on the line, or ""."""
    for clause in said.clauses:
        if _about_third(clause) and not clause.has(W.COMPANY):
            continue
        if clause.has(W.WHO_IS_IT):
            return "who is it"
        named = clause.has(W.NAME) and clause.has(W.YOU, W.COMPANY)
        asks = clause.has(W.WHICH, W.GIVE) or clause.besides(*_WHO_ONLY) == 0
        if named and asks and not clause.has(W.CORRECTION):
            return "what is the name"
        if clause.has(W.COMPANY) and clause.has(W.WHICH) and clause.besides(*_WHO_ONLY) == 0:
            return "which company"
        if clause.has(W.SAY, W.SOURCE, W.PAST):
            continue
        if clause.has(W.WHO) and clause.has(W.CONTACT, W.CALLS) and not clause.has(W.SELF):
            return "who calls"
        asked = clause.has(W.YOU, W.BE_YOU, W.BE_THIS, W.SELF)
        if clause.has(W.WHO) and asked and clause.besides(*_WHO_ONLY) == 0:
            return "who are you"
        calls = clause.has(W.YOU) and clause.has(W.CONTACT) and not clause.has(W.ME)
        supplier = clause.has(W.SUPPLIER) and clause.besides(*_WHO_ONLY) == 0
        if supplier and (calls or clause.has(W.BE_THIS, W.BE_YOU)):
            return "is it this company"
        talking = clause.has(W.TALK) and clause.has(W.WHO) and clause.has(W.SELF)
        if talking and not clause.has(W.MAY_I):
            return "whom am I talking to"
        if _only_you(clause, said):
            return "and you are"
    return ""


def no_recording(said: Utterance) -> str:
    """The rule by which the speaker refuses to be recorded, or ""."""
    for clause in said.clauses:
        if not clause.has(W.RECORDING) or clause.conditional or _about_third(clause):
            continue
        if clause.has(W.STOP, W.FORBID, W.REMOVE) and not clause.has(W.NOT):
            return "stop recording"
        refuses = clause.has(W.NOT, W.NO, W.NEVER) and not clause.has(W.NEED_NOT, W.PAST, W.FINE)
        if refuses and not clause.asked and not clause.opens_with(W.ASK):
            return "not recorded"
    return ""


def asks_to_wait(said: Utterance) -> str:
    """The rule by which the speaker asks for patience, or ""."""
    for clause in said.clauses:
        if clause.has(W.FETCH) and not _about_third(clause):
            return "goes to fetch"
        does = clause.before(W.SELF, W.ACT) or clause.before(W.ME, W.ACT) or len(clause.words) <= 6
        if (
            does
            and clause.has(W.ACT)
            and clause.has(W.THING, W.HOUSEHOLD)
            and not clause.has(*_NO_ERRAND)
        ):
            return "goes to do something"
        # "We wait for the spring" asks nobody to wait.
        called = clause.before(W.BE_THIS, W.HOLD)  # "it's a second home"
        if clause.has(W.HOLD) and not called and (_orders(clause, W.HOLD) or clause.has(W.WANT)):
            return "one moment"
        called_away = clause.has(W.DOOR) and said.has(W.PLEASE, W.HOLD) and not clause.has(W.NOT)
        if called_away and said.length <= _SHORT:
            return "called away"
    return ""


def goes_on_talking(said: Utterance) -> bool:
    """Whether a "wait" only opens what is said next: "wait, how much did you say?"."""
    for clause in said.clauses:
        polite = clause.has(W.HOLD) and clause.has(W.MAY_I, W.ASK, W.PLEASE, W.GIVE)
        told = clause.has(W.PAST) and not clause.has(W.FETCH)
        if clause.has(W.CONTENT) or told or (clause.asked and not polite):
            return True
    return False


_PEOPLE = (W.HUMAN, W.SOMEONE)
_KINDS = (W.ROBOT, W.HUMAN, W.REAL)
_TAIL = (
    *(
        W.PLEASE,
        W.CONFIRM,
        W.NOT,
        W.ROBOT,
        W.HUMAN,
        W.REAL,
        W.GLUE,
        W.YOU,
        W.BE_YOU,
        W.BE_THIS,
        W.TALK,
    ),
    *(W.VOICE, W.BREAK, W.NOD, W.SHAKE, W.CALLS, W.SELF, W.ME, W.MAY_I, W.HEDGE, W.IF, W.WHO),
    *(W.CONTACT, W.GIVE, W.CONNECT, W.IS_THERE, W.LISTENING, W.AGAIN, W.WANT, W.FINE, W.WHICH),
)


_DIGITS = 6
_SHORT = 8
"""Words of an excuse."""
_NO_ERRAND = (W.NOT, W.NEVER, W.THIRD, W.YOU, W.CORRECTION, W.CONTACT, W.PAST, W.NO)
_WHO_ONLY = (
    *(W.WHO, W.YOU, W.BE_YOU, W.BE_THIS, W.SELF, W.ME, W.TALK, W.GLUE, W.PLEASE, W.BREAK, W.ASK),
    *(W.MAY, W.HEDGE, W.PASSIVE, W.WHO_IS_IT, W.LISTENING, W.WHICH, W.COMPANY, W.NAME, W.CONTACT),
    *(W.SUPPLIER, W.SOMEONE, W.CONFIRM, W.AGAIN),
)


def _about_third(clause: Clause) -> bool:
    return clause.has(W.THIRD) and not clause.has(W.BE_YOU, W.ME)


def _comes_by(clause: Clause) -> bool:
    """Somebody who comes by, and not to the telephone."""
    return clause.has(W.WHEN) and not clause.has(W.TALK)


def _beside_the_kind(clause: Clause) -> int:
    """How many words behind the noun go on about something else: "a machine *you put in the
    garage*", "the person *in charge of the panels*"."""
    ends = [span.at[-1] for span in clause.spans if span.kind in _KINDS]
    return clause.besides(*_TAIL, behind=ends[-1])


def _orders(clause: Clause, kind: W) -> bool:
    """Words of this class that come before any "I" are said to the other side."""
    subjects = clause.at(W.SELF)
    return not subjects or clause.at(kind)[0] < subjects[0]


def _caller_gives(clause: Clause) -> bool:
    """The caller hands the phone on: "I'll give you my wife"."""
    subjects = clause.at(W.SELF)
    return any(place - 1 in subjects for place in clause.at(W.GIVE, W.CONNECT))


def _only_you(clause: Clause, said: Utterance) -> bool:
    """ "And you are?", and nothing else."""
    parts = (W.BE_YOU, W.YOU, W.BREAK, W.PLEASE)
    named = clause.has(W.BE_YOU) and clause.has(W.YOU)
    return named and said.consists_of(*parts) and said.length <= 4


def _names_a_number(clause: Clause) -> bool:
    """A telephone number: that is nobody of ours, and the model says so."""
    return sum(len(word) for word in clause.words if word.isdigit()) >= _DIGITS
