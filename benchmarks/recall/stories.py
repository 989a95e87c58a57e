"""Lines that name a thing, digress for some clauses, and name the thing again.

    anna tried to sell her letters , it rained , dogs barked , she sold her letters .

The thing is sampled uniformly, before person, verb and clauses, and no clause names a thing. So a
model that does not remember the beginning is right in one of `len(THINGS)` lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from zlib import crc32

from data.starter_grammar.random_choices import RandomChoices
from nmt.runtime import checks
from nmt.runtime.errors import require

THINGS = (
    "apples", "books", "boxes", "candles", "cards", "chairs", "clocks", "coats",
    "flowers", "letters", "maps", "paintings", "plates", "shoes", "tickets", "toys",
)  # fmt: skip
"""The words to remember."""

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
"""Infinitive and past tense; each verb goes with each thing."""

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
"""Clauses in between, which need not be remembered."""

PARTS = {"train": range(18), "valid": range(18, 19), "test": range(19, 20)}
"""The remainders modulo MODULUS of the checksums of a part's lines; so no line is in two parts."""

MODULUS = 20


@dataclass(frozen=True)
class Story:
    """A line and its answer.

    Attributes:
        opening: everything before the thing.
        clauses: between the thing and the ending.
        ending: everything between the last clause and the answer.
        thing: index of the answer in THINGS.
    """

    opening: str
    clauses: tuple[str, ...]
    ending: str
    thing: int

    def line(self, answer: str) -> str:
        """Return the line with any answer."""
        opening, ending = f"{self.opening} {THINGS[self.thing]}", f"{self.ending} {answer} ."
        return " , ".join([opening, *self.clauses, ending])


def sample(random: RandomChoices, part: str, clauses: int, thing: int) -> Story:
    """Sample person, verb and clauses until the line belongs to a part.

    Args:
        random: generator.
        part: key of PARTS.
        clauses: number between the two occurrences of the thing.
        thing: index in THINGS.
    """
    while True:
        person, verb = random.pick(PEOPLE), random.pick(VERBS)
        between = [random.pick(DIGRESSIONS) for _ in range(clauses)]
        story = _story(person, verb, between, thing)
        if _belongs(story, part):
            return story


@dataclass(frozen=True)
class Text:
    """Text to train and to validate on; the same values give the same text.

    Attributes:
        seed: of all random choices.
        train: number of lines to train on.
        valid: number of lines to validate on.
        longest: greatest number of clauses between; each number from 0 on is equally likely.
    """

    seed: int
    train: int
    valid: int
    longest: int

    def __post_init__(self) -> None:
        """Check that the values are in range."""
        checks.at_least("text.seed", self.seed, 0)
        checks.at_least("text.train", self.train, 1)
        checks.at_least("text.valid", self.valid, 1)
        checks.at_least("text.longest", self.longest, 0)

    def lines(self, part: str) -> Iterator[str]:
        """Yield the lines of the part `train` or `valid`."""
        random = _generator(self.seed, part)
        for _ in range(self.train if part == "train" else self.valid):
            clauses, thing = random.pick(range(self.longest + 1)), random.pick(range(len(THINGS)))
            story = sample(random, part, clauses, thing)
            yield story.line(THINGS[thing])


@dataclass(frozen=True)
class Questions:
    """Test stories, all different, as many for each thing and number of clauses.

    Attributes:
        seed: of all random choices.
        clauses: numbers of clauses between.
        each: stories for each thing and number of clauses.
    """

    seed: int
    clauses: Sequence[int]
    each: int

    def __post_init__(self) -> None:
        """Check that the values are in range, and that there are enough test lines."""
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
        """Sample all stories; the same values give the same stories."""
        random = _generator(self.seed, "test")
        return [
            story
            for clauses in self.clauses
            for thing in range(len(THINGS))
            for story in distinct(random, clauses, thing, self.each)
        ]


def available(clauses: int, thing: int, most: int) -> int:
    """Count the test lines of a thing and a number of clauses, up to `most`."""
    stories = (
        _story(person, verb, between, thing)
        for between in product(DIGRESSIONS, repeat=clauses)
        for person in PEOPLE
        for verb in VERBS
    )
    return sum(1 for _ in islice((one for one in stories if _belongs(one, "test")), most))


def distinct(random: RandomChoices, clauses: int, thing: int, count: int) -> list[Story]:
    """Sample `count` different test lines of a thing, each set of them equally likely."""
    stories: dict[Story, None] = {}
    while len(stories) < count:
        stories.setdefault(sample(random, "test", clauses, thing))
    return list(stories)


def _story(
    person: tuple[str, str, str], verb: tuple[str, str], between: Sequence[str], thing: int
) -> Story:
    (name, pronoun, owner), (attempt, done) = person, verb
    opening, ending = f"{name} tried to {attempt} {owner}", f"{pronoun} {done} {owner}"
    return Story(opening, tuple(between), ending, thing)


def _belongs(story: Story, part: str) -> bool:
    return crc32(story.line(THINGS[story.thing]).encode()) % MODULUS in PARTS[part]


def _generator(seed: int, part: str) -> RandomChoices:
    return RandomChoices(seed * len(PARTS) + list(PARTS).index(part))
