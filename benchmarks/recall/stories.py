"""Lines that name a thing, digress for some clauses, and name the thing again.

    anna tried to sell her letters , it rained , dogs barked , she sold her letters .

The thing is drawn evenly, before person, verb and clauses, and no clause holds a thing. So whoever
does not remember the beginning is right in one of `len(THINGS)` lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from zlib import crc32

from data.starter_grammar.dice import Dice
from nmt.runtime import checks
from nmt.runtime.errors import require

THINGS = (
    "apples", "books", "boxes", "candles", "cards", "chairs", "clocks", "coats",
    "flowers", "letters", "maps", "paintings", "plates", "shoes", "tickets", "toys",
)  # fmt: skip
"""What is to be remembered."""

WOMEN = (
    "anna", "clara", "emma", "eva", "ida", "julia", "laura", "lena", "maria", "nora", "paula",
    "sophie",
)  # fmt: skip
MEN = (
    "adam", "ben", "david", "emil", "felix", "jonas", "karl", "leo", "max", "oscar", "paul", "tom",
)  # fmt: skip
PEOPLE = [*((name, "she", "her") for name in WOMEN), *((name, "he", "his") for name in MEN)]

VERBS = (
    ("carry", "carried"),
    ("clean", "cleaned"),
    ("count", "counted"),
    ("find", "found"),
    ("hide", "hid"),
    ("pack", "packed"),
    ("sell", "sold"),
    ("show", "showed"),
)
"""As one tries to, and as it was done; each goes with each thing."""

DIGRESSIONS = (
    "birds sang",
    "children played",
    "dogs barked",
    "it rained",
    "snow fell",
    "somebody laughed",
    "time passed",
    "trains passed",
)
"""What happens meanwhile; nothing of it is to be remembered."""

PARTS = {"train": range(18), "valid": range(18, 19), "test": range(19, 20)}
"""For each part of the text its remainders: a line stands in the part that the checksum of its
bytes, divided by MODULUS, says; so none stands in two."""

MODULUS = 20


@dataclass(frozen=True)
class Story:
    """A line with its answer.

    Attributes:
        opening: all before the thing.
        clauses: between the thing and the end.
        ending: from the last clause to the place of the answer.
        thing: number of the answer in THINGS.
    """

    opening: str
    clauses: tuple[str, ...]
    ending: str
    thing: int

    def line(self, answer: str) -> str:
        """Write the line with any answer."""
        opening, ending = f"{self.opening} {THINGS[self.thing]}", f"{self.ending} {answer} ."
        return " , ".join([opening, *self.clauses, ending])


def draw(dice: Dice, part: str, clauses: int, thing: int) -> Story:
    """Draw person, verb and clauses, until the line is one of this part.

    Args:
        dice: make the choices.
        part: of PARTS.
        clauses: between the two places of the thing.
        thing: number in THINGS.
    """
    while True:
        person, verb = dice.pick(PEOPLE), dice.pick(VERBS)
        between = [dice.pick(DIGRESSIONS) for _ in range(clauses)]
        story = _story(person, verb, between, thing)
        if _belongs(story, part):
            return story


@dataclass(frozen=True)
class Text:
    """Text to learn from and to validate on; the same numbers give the same text.

    Attributes:
        seed: of all draws.
        train: lines to learn from.
        valid: lines to validate on.
        longest: clauses between, at most; each number from 0 is as likely.
    """

    seed: int
    train: int
    valid: int
    longest: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no text."""
        checks.at_least("text.seed", self.seed, 0)
        checks.at_least("text.train", self.train, 1)
        checks.at_least("text.valid", self.valid, 1)
        checks.at_least("text.longest", self.longest, 0)

    def lines(self, part: str) -> Iterator[str]:
        """Write the part `train` or `valid`, the thing and the number of clauses drawn evenly."""
        dice = _dice(self.seed, part)
        for _ in range(self.train if part == "train" else self.valid):
            clauses, thing = dice.pick(range(self.longest + 1)), dice.pick(range(len(THINGS)))
            story = draw(dice, part, clauses, thing)
            yield story.line(THINGS[thing])


@dataclass(frozen=True)
class Questions:
    """Stories to be tested with, in each number of clauses each thing as often, and none twice.

    Attributes:
        seed: of all draws.
        clauses: numbers of clauses between.
        each: stories for a thing and a number of clauses.
    """

    seed: int
    clauses: Sequence[int]
    each: int

    def __post_init__(self) -> None:
        """Refuse numbers that give no question."""
        checks.at_least("questions.seed", self.seed, 0)
        require(bool(self.clauses), "questions.clauses", self.clauses, "at least one number")
        for number in self.clauses:
            whole = type(number) is int and number >= 0
            require(whole, "questions.clauses", number, "whole numbers, 0 or more")
        require(
            len(set(self.clauses)) == len(self.clauses),
            "questions.clauses",
            self.clauses,
            "each number once",
        )
        checks.at_least("questions.each", self.each, 1)
        for number in self.clauses:
            most = min(available(number, thing, self.each) for thing in range(len(THINGS)))
            require(
                self.each <= most,
                "questions.each",
                self.each,
                f"at most {most}, as there are no more test lines of each thing with {number}"
                " clauses between; leave that number out of questions.clauses, or ask for fewer",
            )

    def stories(self) -> list[Story]:
        """Draw all stories; the same numbers give the same."""
        dice = _dice(self.seed, "test")
        return [
            story
            for clauses in self.clauses
            for thing in range(len(THINGS))
            for story in distinct(dice, clauses, thing, self.each)
        ]


def available(clauses: int, thing: int, most: int) -> int:
    """Count the test lines that there are of a thing and a number of clauses, up to `most`."""
    stories = (
        _story(person, verb, between, thing)
        for between in product(DIGRESSIONS, repeat=clauses)
        for person in PEOPLE
        for verb in VERBS
    )
    return sum(1 for _ in islice((one for one in stories if _belongs(one, "test")), most))


def distinct(dice: Dice, clauses: int, thing: int, count: int) -> list[Story]:
    """Draw so many different test lines of a thing, each set of them as likely."""
    found: dict[Story, None] = {}
    while len(found) < count:
        found.setdefault(draw(dice, "test", clauses, thing))
    return list(found)


def _story(
    person: tuple[str, str, str], verb: tuple[str, str], between: Sequence[str], thing: int
) -> Story:
    (name, pronoun, owner), (attempt, done) = person, verb
    opening, ending = f"{name} tried to {attempt} {owner}", f"{pronoun} {done} {owner}"
    return Story(opening, tuple(between), ending, thing)


def _belongs(story: Story, part: str) -> bool:
    return crc32(story.line(THINGS[story.thing]).encode()) % MODULUS in PARTS[part]


def _dice(seed: int, part: str) -> Dice:
    return Dice(seed * len(PARTS) + list(PARTS).index(part))
