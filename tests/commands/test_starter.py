"""The starter corpus: its forms, its grammar, its files."""

import re
import subprocess
import sys
from itertools import islice

import pytest

from data.starter_grammar import conjunctions as c
from data.starter_grammar import corpus, english, german
from data.starter_grammar import determiners as d
from data.starter_grammar.__main__ import run
from data.starter_grammar.clauses import Clause
from data.starter_grammar.complements import (
    Adverb,
    PredicateAdjective,
    PredicateNoun,
    Prepositional,
)
from data.starter_grammar.frequencies import HIM, LISTENERS, SHE, SPEAKERS
from data.starter_grammar.german import ACCUSATIVE, DATIVE, GENITIVE, NOMINATIVE
from data.starter_grammar.grammar import Grammar
from data.starter_grammar.lexemes import SUPERLATIVE
from data.starter_grammar.lexicon import Lexicon, Preposition
from data.starter_grammar.noun_phrases import NounPhrase
from data.starter_grammar.phrases import ER, SIE, Pair, RelativePronoun, Simple, named
from data.starter_grammar.sentences import Joined, OpenQuestion, PolarQuestion, Statement
from data.starter_grammar.subordinates import Fronted, Infinitive, Subordinate
from data.starter_grammar.tenses import FUTURE, PERFECT, PLUPERFECT, PRESENT, PRETERITE, modal
from nmt.runtime.errors import NmtError
from nmt.runtime.package_files import folder

HOME = folder("data/starter")
LEXICON = Lexicon(HOME / "lexicon")
SETS = ("train", "valid", "test", "test_long", "test_agreement")


def lines(name):
    return (HOME / name).read_text(encoding="utf-8").splitlines()


# Words and trees by hand


def noun(word):
    return next(each for each in LEXICON.nouns if each.german[0] == word)


def frame(word, kind):
    found = (f for f in LEXICON.frames if f.kind == kind)
    return next(f for f in found if f.verb.german_fixed[0] == word)


def verb(word):
    return next(f.verb for f in LEXICON.frames if f.verb.german_fixed[0] == word)


def adjective(word):
    every = (each for words in LEXICON.adjectives.values() for each in words)
    return next(each for each in every if each.german[0] == word)


def adverb(word):
    return Adverb(next(each for each in LEXICON.adverbs if each.german == word))


def name(word):
    return named(next(each for each in LEXICON.names if each.german == word))


def modal_verb(word):
    return next(each for each in LEXICON.modals if each.german_fixed[0] == word)


def number(word):
    numerals = (*LEXICON.cardinals, *LEXICON.ordinals)
    return next(each for each in numerals if each.german == word)


def pronoun(form):
    return Simple(*form, light=True)


def one(word, *adjectives, determiner=d.THE, **parts):
    return NounPhrase(noun(word), 0, determiner, adjectives=adjectives, **parts)


def many(word, *adjectives, determiner=d.THE, **parts):
    return NounPhrase(noun(word), 1, determiner, adjectives=adjectives, **parts)


def behind(german_word, case, english_word, nominal):
    return Prepositional(Preposition(german_word, case, english_word), nominal)


def clause(subject, tense, word, **parts):
    return Clause(subject, tense.chain(verb(word)), **parts)


def statement(subject, tense, word, **parts):
    made = clause(subject, tense, word, **parts)
    return Statement(made, made.subject)


def fronted(part, subject, tense, word, **parts):
    made = clause(subject, tense, word, **parts)
    return Statement(made, getattr(made, part))


def relative_subject(tense, word, column, agreement, person, **parts):
    own = RelativePronoun(column, agreement, person)
    return Fronted("relative", clause(own, tense, word, **parts), own)


def relative_object(subject, tense, word, column, person, **parts):
    own = RelativePronoun(column, ER, person)
    return Fronted("relative", clause(subject, tense, word, direct=own, **parts), own)


def denied(word, plural=0):
    return NounPhrase(noun(word), plural, d.NOT_A)


def with_denied(subject, tense, word, nominal):
    return statement(subject, tense, word, direct=nominal, negated_object=nominal)


def passive(subject, tense, word, **parts):
    made = Clause(subject, tense.passive(verb(word)), **parts)
    return Statement(made, subject)


OLD, NEW, BIG, RED = (adjective(word) for word in ("alt", "neu", "groß", "rot"))
DEAR, DARK = adjective("teuer"), adjective("dunkel")
MODALS = ("dürfen", "müssen", "können", "sollen", "mögen")
MAY, MUST, CAN, SHALL, LIKE = (modal_verb(word) for word in MODALS)
WHO = (("wer", "wen", "wem", ""), "whom", "who", ER)
WHAT = (("was", "was", "", ""), "what", "what", ER)


def asked(form, subject, tense, word):
    thing = Simple(*form)
    made = clause(subject, tense, word, direct=thing)
    return OpenQuestion(made, thing)


def because_it_rains():
    rain = Clause(Simple(("es", "es", "", ""), "it", "it", ER), PRESENT.chain(verb("regnen")))
    return Subordinate(c.BECAUSE, rain)


def owner_sentence():
    dogs = NounPhrase(noun("Hund"), 1, d.whose(german.FEMININE))
    barking = Fronted("relative", clause(dogs, PRESENT, "bellen"), dogs)
    return statement(one("Frau", relative=barking), PRESENT, "lachen")


def preposition_sentence():
    whom = behind("auf", ACCUSATIVE, "for", RelativePronoun(german.PLURAL, SIE, 1))
    waiting = Fronted("relative", clause(name("Anna"), PRESENT, "warten", complement=whom), whom)
    return statement(many("Kind", relative=waiting), PRESENT, "singen")


def wondering(inner):
    wonder = PRESENT.chain(frame("fragen", "whether").verb)
    made = Clause(many("Kind"), wonder, content=Subordinate(c.WHETHER, inner))
    return Statement(made, made.subject)


def subject_question():
    who_helps = Simple(*WHO)
    made = clause(who_helps, PRESENT, "helfen", indirect=pronoun(SPEAKERS[0]))
    return OpenQuestion(made, who_helps)


def indirect_question():
    where = Adverb(c.WHERE)
    living = Fronted("asked", clause(one("Mann"), PRESENT, "wohnen", place=where), where)
    return statement(pronoun(SHE), PRESENT, "wissen", content=living)


# fmt: off
GOLDEN = [
    # verb second, with the subject or an adverb in front
    (statement(one("Frau"), PRESENT, "lesen", direct=one("Buch")),
     "Die Frau liest das Buch.", "The woman reads the book."),
    (fronted("time", one("Frau"), PRETERITE, "lesen", direct=one("Buch"),
                     time=adverb("gestern")),
     "Gestern las die Frau das Buch.", "Yesterday the woman read the book."),
    (fronted("direct", one("Frau"), PRESENT, "sehen", direct=one("Hund")),
     "Den Hund sieht die Frau.", "The woman sees the dog."),
    # separable verbs: divided, joined at the end, around zu
    (statement(name("Anna"), PRESENT, "anziehen", direct=one("Mantel", determiner=d.HER)),
     "Anna zieht ihren Mantel an.", "Anna puts on her coat."),
    (statement(name("Peter"), PERFECT, "aufstehen"),
     "Peter ist aufgestanden.", "Peter has got up."),
    (statement(name("Anna"), PRESENT, "sagen", content=Subordinate(
        c.THAT, clause(name("Peter"), PRESENT, "aufstehen"))),
     "Anna sagt, dass Peter aufsteht.", "Anna says that Peter gets up."),
    (statement(name("Anna"), PRETERITE, "versuchen", content=Infinitive(
        clause(name("Anna"), PRESENT, "aufstehen"))),
     "Anna versuchte, aufzustehen.", "Anna tried to get up."),
    # tenses
    (statement(one("Kind"), PERFECT, "lesen", direct=one("Brief", OLD)),
     "Das Kind hat den alten Brief gelesen.", "The child has read the old letter."),
    (statement(many("Kind"), PLUPERFECT, "gehen",
                       complement=behind("zu", DATIVE, "to", one("Schule"))),
     "Die Kinder waren zur Schule gegangen.", "The children had gone to the school."),
    (statement(pronoun(SPEAKERS[0]), FUTURE, "schlafen", time=adverb("bald")),
     "Ich werde bald schlafen.", "I will sleep soon."),
    # articles and adjectives: weak, mixed, strong; irregular stems; degrees
    (statement(one("Mann", OLD, determiner=d.A), PRESENT, "kaufen",
                       direct=one("Auto", NEW, RED, determiner=d.A)),
     "Ein alter Mann kauft ein neues rotes Auto.", "An old man buys a new red car."),
    (statement(many("Mann", OLD, determiner=d.BARE), PRESENT, "trinken",
                       direct=one("Tee", adjective("kalt"), determiner=d.BARE)),
     "Alte Männer trinken kalten Tee.", "Old men drink cold tea."),
    (statement(one("Koch"), PRESENT, "helfen",
                       indirect=one("Frau", OLD, determiner=d.THIS)),
     "Der Koch hilft dieser alten Frau.", "The cook helps this old woman."),
    (statement(one("Hut", DEAR, DARK, determiner=d.MY), PRESENT, "verschwinden"),
     "Mein teurer dunkler Hut verschwindet.", "My expensive dark hat disappears."),
    (statement(one("Junge"), PRESENT, "sehen", direct=one("Hund", BIG, degree=SUPERLATIVE)),
     "Der Junge sieht den größten Hund.", "The boy sees the biggest dog."),
    (statement(many("Student", determiner=d.BARE, numeral=number("drei")), PRESENT,
                       "danken", indirect=one("Nachbar")),
     "Drei Studenten danken dem Nachbarn.", "Three students thank the neighbour."),
    (statement(one("Apfel", determiner=d.A), PRESENT, "sein",
                       complement=PredicateAdjective(adjective("süß"), 0, one("Birne"))),
     "Ein Apfel ist süßer als die Birne.", "An apple is sweeter than the pear."),
    # genitives and nouns between subject and verb
    (statement(one("Autor", of=many("Buch")), PRESENT, "sein",
                       complement=PredicateAdjective(OLD)),
     "Der Autor der Bücher ist alt.", "The author of the books is old."),
    (statement(one("Auto", possessor=many("Lehrer")), PRESENT, "anhalten"),
     "Das Auto der Lehrer hält an.", "The teachers' car stops."),
    # relative clauses: subject, object, behind a preposition, owner
    (statement(one("Mann", relative=relative_subject(
        PRESENT, "lesen", german.MASCULINE, ER, 1, direct=one("Buch"))), PRESENT, "schlafen"),
     "Der Mann, der das Buch liest, schläft.", "The man who reads the book sleeps."),
    (statement(one("Frau"), PERFECT, "lesen", direct=one("Brief", relative=relative_object(
        one("Mann"), PERFECT, "schreiben", german.MASCULINE, 0))),
     "Die Frau hat den Brief, den der Mann geschrieben hat, gelesen.",
     "The woman has read the letter which the man has written."),
    (owner_sentence(), "Die Frau, deren Hunde bellen, lacht.",
     "The woman whose dogs bark laughs."),
    (preposition_sentence(), "Die Kinder, auf die Anna wartet, singen.",
     "The children for whom Anna waits sing."),
    # contraction, and none before a relative clause
    (statement(name("Peter"), PRESENT, "arbeiten",
                       place=behind("in", DATIVE, "in", one("Garten"))),
     "Peter arbeitet im Garten.", "Peter works in the garden."),
    (statement(name("Peter"), PRESENT, "arbeiten", place=behind(
        "in", DATIVE, "in", one("Garten", relative=relative_object(
            one("Frau"), PRESENT, "sehen", german.MASCULINE, 0)))),
     "Peter arbeitet in dem Garten, den die Frau sieht.",
     "Peter works in the garden which the woman sees."),
    (statement(one("Kellnerin"), PRESENT, "legen", direct=one("Messer"),
                       complement=behind("auf", ACCUSATIVE, "on", one("Tisch"))),
     "Die Kellnerin legt das Messer auf den Tisch.", "The waitress lays the knife on the table."),
    # modal verbs
    (statement(one("Kind"), modal(MUST, 0), "schlafen"),
     "Das Kind muss schlafen.", "The child has to sleep."),
    (statement(one("Kind"), modal(MUST, 1), "schlafen", negated=1),
     "Das Kind musste nicht schlafen.", "The child did not have to sleep."),
    (statement(pronoun(LISTENERS[0]), modal(CAN, 0), "schwimmen", negated=1),
     "Du kannst nicht schwimmen.", "You cannot swim."),
    (statement(pronoun(HIM), modal(MAY, 0), "tanzen", negated=1),
     "Er darf nicht tanzen.", "He is not allowed to dance."),
    (statement(pronoun(SPEAKERS[0]), modal(LIKE, 0), "lesen",
                       direct=one("Zeitung", determiner=d.A)),
     "Ich möchte eine Zeitung lesen.", "I would like to read a newspaper."),
    (statement(pronoun(LISTENERS[0]), modal(SHALL, 0), "arbeiten"),
     "Du solltest arbeiten.", "You should work."),
    # negation: nicht, kein, and do
    (statement(one("Mann"), PRESENT, "warten", negated=1,
                       complement=behind("auf", ACCUSATIVE, "for", one("Bus"))),
     "Der Mann wartet nicht auf den Bus.", "The man does not wait for the bus."),
    (with_denied(one("Mann"), PRETERITE, "haben", denied("Hund")),
     "Der Mann hatte keinen Hund.", "The man did not have a dog."),
    (with_denied(one("Frau"), PRESENT, "kaufen", denied("Apfel", 1)),
     "Die Frau kauft keine Äpfel.", "The woman does not buy any apples."),
    (statement(one("Kind", determiner=d.NO), PRESENT, "weinen"),
     "Kein Kind weint.", "No child cries."),
    # questions
    (PolarQuestion(clause(pronoun(LISTENERS[1]), PRESENT, "lesen", direct=one("Buch"))),
     "Lest ihr das Buch?", "Do you read the book?"),
    (PolarQuestion(clause(pronoun(SHE), PERFECT, "einschlafen")),
     "Ist sie eingeschlafen?", "Has she fallen asleep?"),
    (asked(WHO, name("Anna"), PRETERITE, "sehen"),
     "Wen sah Anna?", "Whom did Anna see?"),
    (asked(WHAT, one("Koch"), PRESENT, "kochen"),
     "Was kocht der Koch?", "What does the cook cook?"),
    (subject_question(), "Wer hilft mir?", "Who helps me?"),
    # passive
    (passive(one("Brief"), PRETERITE, "schreiben",
                     complement=behind("von", DATIVE, "by", one("König"))),
     "Der Brief wurde vom König geschrieben.", "The letter was written by the king."),
    (passive(many("Tür"), PERFECT, "schließen"),
     "Die Türen sind geschlossen worden.", "The doors have been closed."),
    (passive(one("Lampe"), modal(MUST, 0), "ausschalten"),
     "Die Lampe muss ausgeschaltet werden.", "The lamp has to be turned off."),
    # subordinate clauses
    (statement(name("Anna"), PRESENT, "bleiben",
                       complement=behind("in", DATIVE, "in", one("Haus")),
                       circumstance=because_it_rains()),
     "Anna bleibt im Haus, weil es regnet.", "Anna stays in the house because it rains."),
    (fronted("circumstance", name("Anna"), FUTURE, "schlafen",
                     circumstance=because_it_rains()),
     "Weil es regnet, wird Anna schlafen.", "Because it rains, Anna will sleep."),
    (wondering(clause(name("Peter"), modal(CAN, 1), "kochen")),
     "Die Kinder fragen sich, ob Peter kochen konnte.",
     "The children wonder whether Peter could cook."),
    (statement(pronoun(SPEAKERS[0]), PRESENT, "beschließen", content=Infinitive(
        clause(pronoun(SPEAKERS[0]), PRESENT, "ausruhen"))),
     "Ich beschließe, mich auszuruhen.", "I decide to rest."),
    (indirect_question(), "Sie weiß, wo der Mann wohnt.",
     "She knows where the man lives."),
    # a particle, behind a pronoun and before a noun
    (statement(pronoun(SHE), PRESENT, "abholen", direct=pronoun(SPEAKERS[1])),
     "Sie holt uns ab.", "She picks us up."),
    (statement(pronoun(SHE), modal(CAN, 0), "abholen", direct=one("Gast")),
     "Sie kann den Gast abholen.", "She can pick up the guest."),
    # compounds, professions, pairs, adverbs of frequency
    (statement(one("Frau"), PRESENT, "verlieren",
                       direct=one("Kinderbuch", determiner=d.A)),
     "Die Frau verliert ein Kinderbuch.", "The woman loses a children's book."),
    (statement(name("Anna"), PRESENT, "sein",
                       complement=PredicateNoun(one("Ärztin", determiner=d.PROFESSION))),
     "Anna ist Ärztin.", "Anna is a doctor."),
    (statement(Pair(name("Anna"), one("Lehrer")), PRESENT, "sein", negated=1,
                       complement=PredicateAdjective(adjective("müde"))),
     "Anna und der Lehrer sind nicht müde.", "Anna and the teacher are not tired."),
    (statement(name("Karl"), PERFECT, "lesen", direct=one("Buch"),
                       frequency=adverb("schon")),
     "Karl hat das Buch schon gelesen.", "Karl has already read the book."),
    (statement(name("Karl"), PRESENT, "lesen", direct=one("Buch", determiner=d.A),
                       frequency=adverb("oft")),
     "Karl liest oft ein Buch.", "Karl often reads a book."),
    (Joined(statement(name("Eva"), PRESENT, "geben", direct=one("Ball"), link="to",
                              indirect=pronoun(HIM)), c.BUT, statement(name("Jan"), PRESENT,
                                                                       "lachen")),
     "Eva gibt ihm den Ball, aber Jan lacht.", "Eva gives the ball to him, but Jan laughs."),
]
# fmt: on


@pytest.mark.parametrize(("tree", "source", "target"), GOLDEN, ids=[row[1] for row in GOLDEN])
def test_a_tree_is_written_in_both_languages(tree, source, target):
    made = corpus.pair_of(tree)
    assert (made.source, made.target) == (source, target)


ALIGNED = {
    # the participle stands last, "has read" together
    "Das Kind hat den alten Brief gelesen.": "0-0 1-1 2-2 3-4 4-5 5-6 6-3",
    # one word in the simple past, two with `do`; "keinen" is "not … a"
    "Der Mann hatte keinen Hund.": "0-0 1-1 2-2 2-4 3-3 3-5 4-6",
    # both parts of a separable verb are both words of the English one
    "Anna zieht ihren Mantel an.": "0-0 1-1 1-2 2-3 3-4 4-1 4-2",
    # "cannot" is "kannst" and "nicht"
    "Du kannst nicht schwimmen.": "0-0 1-1 2-1 3-2",
    # "im" is "in the"
    "Peter arbeitet im Garten.": "0-0 1-1 2-2 2-3 3-4",
    # fixed phrases word by word, compounds one to many
    "Die Frau verliert ein Kinderbuch.": "0-0 1-1 2-2 3-3 4-4 4-5",
    # the order of a subordinate clause turned around
    "Der Mann, der das Buch liest, schläft.": "0-0 1-1 2-2 3-4 4-5 5-3 6-6",
    "Die Lampe muss ausgeschaltet werden.": "0-0 1-1 2-2 2-3 3-5 3-6 4-4",
    # "warten auf" is "wait for"; the object in front comes last
    "Der Mann wartet nicht auf den Bus.": "0-0 1-1 2-2 2-4 3-3 4-5 5-6 6-7",
    "Den Hund sieht die Frau.": "0-3 1-4 2-2 3-0 4-1",
}


@pytest.mark.parametrize("source", ALIGNED)
def test_words_are_linked_across_reordering(source):
    tree = next(tree for tree, line, _ in GOLDEN if line == source)
    assert corpus.pair_of(tree).alignment() == ALIGNED[source]


def test_alignments_stay_within_the_words_of_their_lines():
    for made in islice(corpus.stream(LEXICON, 5), 60):
        source, target = made.source.split(), made.target.split()
        links = [tuple(map(int, link.split("-"))) for link in made.alignment().split()]
        assert all(i < len(source) and j < len(target) for i, j in links)
        assert len({i for i, _ in links}) >= len(source) / 2


# Morphology


@pytest.mark.parametrize(
    ("word", "genitive", "dative_plural", "english"),
    [
        ("Kind", "Kindes", "Kindern", ("child", "children")),
        ("Junge", "Jungen", "Jungen", ("boy", "boys")),
        ("Nachbar", "Nachbarn", "Nachbarn", ("neighbour", "neighbours")),
        ("Frau", "Frau", "Frauen", ("woman", "women")),
        ("Museum", "Museums", "Museen", ("museum", "museums")),
        ("Auto", "Autos", "Autos", ("car", "cars")),
        ("Haus", "Hauses", "Häusern", ("house", "houses")),
        ("Bus", "Busses", "Bussen", ("bus", "buses")),
        ("Tisch", "Tisches", "Tischen", ("table", "tables")),
        ("Geheimnis", "Geheimnisses", "Geheimnissen", ("secret", "secrets")),
        ("Messer", "Messers", "Messern", ("knife", "knives")),
        ("Schaf", "Schafes", "Schafen", ("sheep", "sheep")),
        ("Kirschbaum", "Kirschbaumes", "Kirschbäumen", ("cherry tree", "cherry trees")),
    ],
)
def test_nouns_are_declined(word, genitive, dative_plural, english):
    found = noun(word)
    assert found.german[GENITIVE] == genitive
    assert found.german[4 + DATIVE] == dative_plural
    assert found.english == english


@pytest.mark.parametrize(
    ("word", "present", "past", "participle"),
    [
        ("lesen", "lese liest liest lesen lest lesen", "las", "gelesen"),
        ("essen", "esse isst isst essen esst essen", "aß", "gegessen"),
        ("nehmen", "nehme nimmst nimmt nehmen nehmt nehmen", "nahm", "genommen"),
        ("anhalten", "halte hältst hält halten haltet halten", "hielt", "angehalten"),
        ("einladen", "lade lädst lädt laden ladet laden", "lud", "eingeladen"),
        ("betreten", "betrete betrittst betritt betreten betretet betreten", "betrat", "betreten"),
        ("wachsen", "wachse wächst wächst wachsen wachst wachsen", "wuchs", "gewachsen"),
        ("arbeiten", "arbeite arbeitest arbeitet arbeiten arbeitet arbeiten", "arbeitete",
         "gearbeitet"),
        ("öffnen", "öffne öffnest öffnet öffnen öffnet öffnen", "öffnete", "geöffnet"),
        ("tanzen", "tanze tanzt tanzt tanzen tanzt tanzen", "tanzte", "getanzt"),
        ("lächeln", "lächle lächelst lächelt lächeln lächelt lächeln", "lächelte", "gelächelt"),
        ("klettern", "klettere kletterst klettert klettern klettert klettern", "kletterte",
         "geklettert"),
        ("reparieren", "repariere reparierst repariert reparieren repariert reparieren",
         "reparierte", "repariert"),
        ("besuchen", "besuche besuchst besucht besuchen besucht besuchen", "besuchte", "besucht"),
        ("aufwachen", "wache wachst wacht wachen wacht wachen", "wachte", "aufgewacht"),
        ("wissen", "weiß weißt weiß wissen wisst wissen", "wusste", "gewusst"),
        ("sein", "bin bist ist sind seid sind", "war", "gewesen"),
        ("haben", "habe hast hat haben habt haben", "hatte", "gehabt"),
        ("werden", "werde wirst wird werden werdet werden", "wurde", "geworden"),
    ],
)  # fmt: skip
def test_verbs_are_conjugated(word, present, past, participle):
    found = verb(word)
    assert " ".join(found.german[0]) == present
    assert found.german[1][2] == past
    assert found.german_fixed[1] == participle


def test_the_past_has_its_plural():
    forms = {third: german.past(third)[3] for third in ("las", "ging", "schrie", "machte", "wurde")}
    assert forms == {"las": "lasen", "ging": "gingen", "schrie": "schrien", "machte": "machten",
                     "wurde": "wurden"}  # fmt: skip


def test_modal_verbs_are_conjugated():
    assert " ".join(CAN.german[0]) == "kann kannst kann können könnt können"
    assert " ".join(MUST.german[0]) == "muss musst muss müssen müsst müssen"
    assert " ".join(LIKE.german[0]) == "möchte möchtest möchte möchten möchtet möchten"
    assert " ".join(SHALL.german[0]) == "sollte solltest sollte sollten solltet sollten"
    assert MAY.english[0] == ("am", "are", "is", "are", "are", "are")


def test_separable_verbs_take_zu_inside():
    assert verb("aufstehen").german_fixed == ("aufstehen", "aufgestanden", "aufzustehen")
    assert verb("übersetzen").german_fixed == ("übersetzen", "übersetzt", "zu übersetzen")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (english.add_s("box"), "boxes"),
        (english.add_s("diary"), "diaries"),
        (english.add_s("boy"), "boys"),
        (english.add_vowel("stop", "ed"), "stopped"),
        (english.add_vowel("visit", "ed"), "visited"),
        (english.add_vowel("carry", "ed"), "carried"),
        (english.add_vowel("nice", "er"), "nicer"),
        (english.add_vowel("new", "er"), "newer"),
        (english.add_vowel("big", "est"), "biggest"),
        (english.article("hour"), "an"),
        (english.article("honest"), "an"),
        (english.article("university"), "a"),
        (english.article("useful"), "a"),
        (english.article("ugly"), "an"),
        (english.owner("teachers"), "teachers'"),
        (english.owner("Anna"), "Anna's"),
    ],
)
def test_english_spelling(found, expected):
    assert found == expected


def test_adjectives_agree_in_every_case():
    phrase = one("Hund", OLD, determiner=d.MY)
    forms = []
    for case in (NOMINATIVE, ACCUSATIVE, DATIVE, GENITIVE):
        out = []
        phrase.german(out, case)
        forms.append(" ".join(word for word, _, _ in out))
    assert forms == ["mein alter Hund", "meinen alten Hund", "meinem alten Hund",
                     "meines alten Hundes"]  # fmt: skip


def test_the_vocabulary_is_a_real_one():
    verbs = {each.verb.german_fixed[0] for each in LEXICON.frames}
    adjectives = {each for words in LEXICON.adjectives.values() for each in words}
    assert len(LEXICON.nouns) >= 350
    assert len(verbs) >= 150
    assert len(adjectives) >= 90
    assert len(LEXICON.names) >= 50
    assert len(LEXICON.adverbs) + len(LEXICON.cardinals) + len(LEXICON.ordinals) >= 60


def test_a_german_word_has_one_meaning():
    meanings = {}
    for each in LEXICON.nouns:
        assert meanings.setdefault(each.german[0], each.english) == each.english


# The files


def python(*words):
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_command_writes_the_committed_files_again_byte_for_byte(tmp_path):
    python("-m", "data.starter_grammar", f"output={tmp_path}")
    names = sorted(path.name for path in tmp_path.iterdir())
    committed = [path.name for path in HOME.iterdir() if path.is_file()]
    assert names == sorted(set(committed) - {"README.md"})
    for each in names:
        assert (tmp_path / each).read_bytes() == (HOME / each).read_bytes(), each


def test_the_sets_have_their_sizes_and_share_no_line():
    for language in ("de", "en"):
        seen = {}
        for each in SETS:
            found = lines(f"{each}.{language}")
            assert len(found) == corpus.SIZES[each]
            for line in found:
                assert seen.setdefault(line, each) == each


def test_no_source_is_repeated_within_a_set():
    for each in SETS:
        found = lines(f"{each}.de")
        assert len(set(found)) == len(found)


def test_lines_are_capitalised_and_punctuated():
    line = re.compile(r"[A-ZÄÖÜ][\w' ,-]*[\w'][.?]")
    for each in SETS:
        for language in ("de", "en"):
            for found in lines(f"{each}.{language}"):
                assert line.fullmatch(found) and "  " not in found, found
                assert " ," not in found and ",," not in found


# Runs in a process of its own, without the type checks of the tests, which take their time.
SKELETONS = """
import sys
from nmt.runtime.package_files import folder
from data.starter_grammar import corpus
from data.starter_grammar.lexicon import Lexicon
lexicon = Lexicon(folder("data/starter") / "lexicon")
train = {made.sentence.skeleton() for made in corpus.splits(lexicon)["train"]}
longer = {made.sentence.skeleton() for made in corpus.long_pairs(lexicon)}
print(len(train), len(longer), len(train & longer))
"""


@pytest.mark.slow
def test_no_skeleton_of_the_long_set_is_one_of_training():
    train, longer, shared = map(int, python("-c", SKELETONS).split())
    assert train > 100 and longer > 100
    assert shared == 0


def test_a_skeleton_depends_on_clauses_alone():
    skeletons = {line: tree.skeleton() for tree, line, _ in GOLDEN}
    assert skeletons["Der Mann, der das Buch liest, schläft."] == "main(relative())"
    assert skeletons["Weil es regnet, wird Anna schlafen."] == "fronted(weil())"
    assert skeletons["Lest ihr das Buch?"] == "polar()"
    assert skeletons["Anna versuchte, aufzustehen."] == "main(zu())"


STREAM = """
import resource
from itertools import islice
from nmt.runtime.package_files import folder
from data.starter_grammar import corpus
from data.starter_grammar.lexicon import Lexicon
home = folder("data/starter")
held_out = {line for name in ("valid", "test", "test_long", "test_agreement")
            for language in ("de", "en")
            for line in (home / f"{name}.{language}").read_text(encoding="utf-8").splitlines()}
stream = corpus.stream(Lexicon(home / "lexicon"), 7)
met, before = 0, 0
for place, made in enumerate(islice(stream, 24_000)):
    met += made.source in held_out or made.target in held_out
    if place == 4_000:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(met, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_the_stream_contains_no_held_out_line_and_uses_constant_memory():
    met, kilobytes = map(int, python("-c", STREAM).split())
    assert met == 0
    assert kilobytes < 2_000


def test_the_command_streams_with_alignments(tmp_path):
    run(["count=20", f"output={tmp_path}", "seed=3", "alignments=true"])
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert sorted(written) == ["train.align", "train.de", "train.en"]
    assert {text.count("\n") for text in written.values()} == {20}
    run(["count=20", f"output={tmp_path / 'again'}", "seed=3"])
    assert (tmp_path / "again" / "train.de").read_text(encoding="utf-8") == written["train.de"]
    run(["count=20", f"output={tmp_path / 'other'}", "seed=4"])
    assert (tmp_path / "other" / "train.de").read_text(encoding="utf-8") != written["train.de"]


# Agreement


def is_singular(form, other):
    """Whether the first of two forms of a verb is the third person singular of the second."""
    form, other = form.rstrip("."), other.rstrip(".")
    return (form, other) in (("is", "are"), ("has", "have")) or form == english.add_s(other)


def test_contrasts_differ_in_the_verb_alone():
    right, wrong = lines("test_agreement.en"), lines("test_agreement.wrong.en")
    for good, bad in zip(right, wrong, strict=True):
        differing = [(a, b) for a, b in zip(good.split(), bad.split(), strict=True) if a != b]
        assert len(differing) == 1
        assert is_singular(*differing[0]) != is_singular(*reversed(differing[0]))


def test_contrasts_have_as_many_nouns_between_as_their_file_states():
    distances = [int(line) for line in lines("test_agreement.distance")]
    assert [distances.count(each) for each in range(5)] == [200] * 5
    for source, distance in zip(lines("test_agreement.de"), distances, strict=True):
        capitals = sum(word[0].isupper() for word in source.split())
        assert capitals - 2 == distance, source  # the article and the subject


def test_the_nouns_between_are_of_the_other_number():
    one_of = {each.english[0] for each in LEXICON.nouns}
    many_of = {each.english[1] for each in LEXICON.nouns if each.countable}
    links = "of|about|at|behind|with|from|for|next to|in front of"
    for good, bad in zip(lines("test_agreement.en"), lines("test_agreement.wrong.en"), strict=True):
        words, others = good.split(), bad.split()
        verb_at = next(i for i, word in enumerate(others) if word != words[i])
        singular = is_singular(words[verb_at], others[verb_at])
        subject, *between = re.split(f" (?:{links}) ", " ".join(words[:verb_at]))
        nouns = [part.lower().removeprefix("the ") for part in between]
        assert all(each in (many_of if singular else one_of) for each in nouns), good
        assert subject.removeprefix("The ") in (one_of if singular else many_of), good


# What the command refuses


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cuont=5"], "unknown key cuont; did you mean count?"),
        (["zzz=5"], "unknown key zzz; keys are count, output, seed, alignments"),
        (["5"], "5 is not key=value; keys are count, output, seed, alignments"),
        (["count=5"], "count needs output=, the folder to write train.de and train.en to"),
        (["count=none", "output=x"], "count=none is not a whole number from 1"),
        (["count=0", "output=x"], "count=0 is not a whole number from 1"),
        (["count=5", "output=x", "seed=-1"], "seed=-1 is not a whole number from 0"),
        (["count=5", "output=x", "alignments=yes"], "alignments=yes is neither true nor false"),
        (["seed=2"], "seed needs count=, the number of pairs to stream"),
        (["count=5", "count=6"], "count is given twice: 5 and 6"),
    ],
)
def test_invalid_arguments_are_refused_by_name(words, message):
    with pytest.raises(NmtError) as refusal:
        run(words)
    assert str(refusal.value) == message


def test_an_error_is_one_line_and_status_two():
    done = subprocess.run(
        [sys.executable, "-m", "data.starter_grammar", "cuont=5"],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "unknown key cuont; did you mean count?\n"
    assert done.stdout == ""


def test_a_broken_table_is_named_with_its_line(tmp_path):
    for table in (HOME / "lexicon").iterdir():
        (tmp_path / table.name).write_bytes(table.read_bytes())
    with (tmp_path / "names.tsv").open("a", encoding="utf-8") as file:
        file.write("Nobody\n")
    with pytest.raises(NmtError, match=r"names.tsv, line 54 has 1 cells, expected 3"):
        Lexicon(tmp_path)


def test_an_unknown_class_is_named(tmp_path):
    for table in (HOME / "lexicon").iterdir():
        (tmp_path / table.name).write_bytes(table.read_bytes())
    with (tmp_path / "relations.tsv").open("a", encoding="utf-8") as file:
        file.write("Autor\tmetal\n")
    with pytest.raises(NmtError, match="metal is neither a class of nouns nor a noun"):
        Lexicon(tmp_path)


def test_the_same_seed_generates_the_same_text():
    first, second = (Grammar(LEXICON, 11) for _ in range(2))
    for _ in range(20):
        assert corpus.pair_of(first.sentence())[:2] == corpus.pair_of(second.sentence())[:2]
