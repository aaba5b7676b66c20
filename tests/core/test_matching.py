import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.core.decision import Answer
from bot.core.desk import Desk
from bot.core.evaluation import evaluate
from bot.core.faq import Entry, Example, KnowledgeBase, NotCovered, Synonym
from bot.core.matching import Index
from bot.core.model import Reading, Word
from tests.conftest import CONTACT, NOW, message, set_apart


def reading(index: Index, text: str) -> tuple[Word, ...]:
    return index.explain(text).words


@pytest.fixture(scope="module")
def index(knowledge: KnowledgeBase) -> Index:
    return Index(knowledge)


def small(knowledge: KnowledgeBase, **phrasings: list[str]) -> Index:
    entries = tuple(Entry.model_validate({"id": name, "phrasings": {"de": texts}}) for name, texts in phrasings.items())
    return Index(knowledge.model_copy(update={"entries": entries, "synonyms": (), "not_covered": (), "examples": ()}))


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("Darf ich WhatsApp benutzen?", "whatsapp"),
        ("DARF ICH WHATSAPP BENUTZEN", "whatsapp"),
        ("darf ich whatspap benutzen", "whatsapp"),
        ("WA dienstlich", "whatsapp"),
        ("whats app dienstlich", "whatsapp"),
        ("Ende zu Ende Verschluesselung was ist das", "glossar-e2ee"),
        ("How do I sign in to DFN conf?", "dfnconf-login"),
        ("wer hilft mir persönlich weiter", "kontakt"),
    ],
)
def test_a_question_finds_its_entry_however_it_is_typed(index: Index, question: str, entry: str) -> None:
    assert index.rank(question).matches[0].entry == entry


def test_every_phrasing_leads_to_its_own_entry(index: Index, knowledge: KnowledgeBase) -> None:
    astray = [
        (entry.id, text)
        for entry in knowledge.entries
        for text in (*entry.phrasings.de, *entry.phrasings.en)
        if index.rank(text).matches[0].entry != entry.id
    ]
    assert astray == []


def test_confidences_fall_and_stay_between_0_and_1(index: Index) -> None:
    confidences = [match.confidence for match in index.rank("Ist Signal besser als WhatsApp?").matches]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)


def test_unknown_words_lower_the_confidence(index: Index) -> None:
    alone = index.rank("Signal dienstlich nutzen").matches[0]
    drowned = index.rank("Signal dienstlich nutzen Xylophon Quastenflosser Zwergflusspferd").matches[0]
    assert drowned.confidence < alone.confidence


def test_an_abbreviation_is_read_as_a_whole_word_only(index: Index) -> None:
    readings = {word.typed: word.reading for word in reading(index, "WA wann")}
    assert readings["wa"] is Reading.SYNONYM
    assert readings["wann"] is not Reading.SYNONYM


@pytest.mark.parametrize(
    "question", ["wir", "können wir teams benutzen", "wo können wir parken", "is zoom ok", "zoom?"]
)
def test_what_only_looks_like_a_word_of_the_faq_is_not_answered(desk: Desk, question: str) -> None:
    assert not isinstance(desk.consider(Conversation(), message(question), NOW).decision, Answer)


def test_an_option_that_left_the_faq_is_not_chosen(desk: Desk) -> None:
    turn = desk.consider(Conversation(language="de", options=("gone",)), message("1"), NOW)
    assert not isinstance(turn.decision, Answer)


def test_synonyms_have_a_direction(knowledge: KnowledgeBase) -> None:
    entry = Entry.model_validate({"id": "a", "phrasings": {"de": ["Videokonferenz"]}})
    synonym = Synonym.model_validate({"to": "Videokonferenz", "from": ["Telko"]})
    index = Index(
        knowledge.model_copy(update={"entries": (entry,), "synonyms": (synonym,), "not_covered": (), "examples": ()})
    )
    assert index.rank("Telko").matches[0].entry == "a"
    assert reading(index, "Telko")[0].read_as == ("videokonferenz",)


def test_words_that_belong_together_are_joined_and_compounds_split(knowledge: KnowledgeBase) -> None:
    index = small(knowledge, a=["Videokonferenz"], b=["Raum buchen"])
    assert reading(index, "Video Konferenz")[0].reading is Reading.JOINED
    assert reading(index, "Videokonferenzraum")[0].read_as == ("videokonferenz", "raum")


def test_an_explanation_names_phrasings_words_and_how_they_were_read(index: Index) -> None:
    explanation = index.explain("watsapp im Labor")
    first = explanation.evidence[0]
    assert [each.match for each in explanation.evidence] == list(index.rank("watsapp im Labor").matches)
    assert first.match.entry == "whatsapp"
    assert any("WhatsApp" in phrasing or "WA" in phrasing for phrasing in first.phrasings)
    assert first.words[0] == "watsapp"
    assert explanation.words[0].reading is Reading.REPAIRED


def test_the_best_five_entries_are_always_told(index: Index) -> None:
    for question in ("whatsapp", "fgh jkl", "", "Zoom?"):
        assert len(index.rank(question).matches) == 5


@pytest.mark.parametrize(
    "text", ["wir", "und", "in der", "mein", "fgh jkl", "12345", "x", "1", "a b c", "?!", "ja", "warum"]
)
def test_what_says_nothing_is_not_answered(desk: Desk, text: str) -> None:
    assert not isinstance(desk.consider(Conversation(), message(text), NOW).decision, Answer)


def test_a_story_around_the_question_does_not_drown_it(index: Index) -> None:
    story = (
        "Guten Morgen zusammen, ich war letzte Woche auf einer langen Dienstreise und habe jetzt endlich Zeit. "
        "Darf ich WhatsApp dienstlich nutzen? "
        "Bei uns im Flur wird gerade neu gestrichen, deshalb sitze ich im Nachbargebäude. Herzliche Grüße"
    )
    assert index.rank(story).matches[0].entry == "whatsapp"
    assert index.rank(story).matches[0].confidence > 0.8


@pytest.mark.parametrize(
    ("question", "entries"),
    [
        ("nicht WhatsApp, sondern Signal", {"signal"}),
        ("not WhatsApp but Threema", {"threema"}),
        ("Was nehme ich statt Skype?", {"messenger-empfehlung", "skype"}),
        ("Signal statt WhatsApp", {"signal", "messenger-empfehlung"}),
    ],
)
def test_what_is_turned_down_is_not_the_subject(index: Index, question: str, entries: set[str]) -> None:
    assert index.rank(question).matches[0].entry in entries


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Ist Zoom erlaubt?", "Zoom"),
        ("zoom link erstellen", "Zoom"),
        ("Are we permitted to use Webex?", "Webex"),
        ("wie komme ich ins WLAN", "WLAN"),
        ("Zoom oder DFNconf?", None),
        ("Brauche ich für DFNconf ein eigenes Passwort?", None),
        ("Darf ich WhatsApp dienstlich nutzen?", None),
    ],
)
def test_what_the_faq_does_not_cover_is_recognised_unless_its_own_subject_is_named(
    index: Index, knowledge: KnowledgeBase, question: str, named: str | None
) -> None:
    number = index.rank(question).not_covered
    assert named in knowledge.not_covered[number].names if number is not None else named is None


def test_faqs_with_one_entry_one_phrasing_or_twins_work(knowledge: KnowledgeBase) -> None:
    assert small(knowledge, only=["Wo ist das Büro?"]).rank("büro").matches[0].entry == "only"
    assert small(knowledge, a=["Wo ist das Büro?"], b=["Wann ist Pause?"]).rank("büro wo").matches[0].entry == "a"
    twins = small(knowledge, a=["Wo ist das Büro?"], b=["Wo ist das Büro?"]).rank("Wo ist das Büro?").matches
    assert [(match.entry, match.confidence) for match in twins] == [("a", 1.0), ("b", 1.0)]


def test_a_small_faq_without_examples_is_sure_of_what_is_near_and_unsure_of_what_is_not(
    knowledge: KnowledgeBase,
) -> None:
    index = small(
        knowledge,
        drucker=["Drucker einrichten", "Wo kann ich etwas ausdrucken?"],
        mensa=["Wann hat die Mensa auf?", "Was gibt es heute zu essen?"],
        urlaub=["Wie beantrage ich Urlaub?", "Resturlaub übertragen"],
    )
    assert index.rank("wie richte ich den drucker ein").matches[0].entry == "drucker"
    assert index.rank("Druker einrichten").matches[0].confidence > 0.7
    assert index.rank("urlaub beantragen").matches[0].confidence > 0.7
    assert index.rank("Fahrrad gestohlen").matches[0].confidence < 0.3


def test_a_name_that_is_not_covered_wins_over_function_words_of_a_small_faq(knowledge: KnowledgeBase) -> None:
    entries = [
        Entry.model_validate(
            {"id": "verloren", "phrasings": {"de": ["Buch ist weg", "Das Buch ist verloren", "Was nun?"]}}
        ),
        Entry.model_validate({"id": "zeiten", "phrasings": {"de": ["Wann offen?", "Öffnungszeiten", "Sonntags auf?"]}}),
    ]
    wlan = NotCovered.model_validate({"names": ["WLAN"], "pointer": {"de": "IT fragen."}})
    food = NotCovered.model_validate({"phrasings": {"de": ["Wo kann ich essen?"]}, "pointer": {"de": "Mensa."}})
    changed = {"entries": tuple(entries), "not_covered": (wlan, food), "synonyms": (), "examples": ()}
    index = Index(knowledge.model_copy(update=changed))
    assert [
        index.rank(text).not_covered for text in ("Ist das WLAN kaputt?", "Was ist WLAN?", "Wo kann ich essen")
    ] == [0, 0, 1]
    assert index.rank("Das Buch ist verloren, nicht das WLAN").not_covered is None


@given(st.text(max_size=300))
def test_no_text_breaks_the_ranking(index: Index, text: str) -> None:
    assert index.rank(text) == index.rank(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1" * 65536,
        "xy " * 22000,
        "😂" * 1000,
        "\ud800" * 10,
        "a" + "\u0301" * 10000 + "\u0323" * 20000,
        "a" * 65536,
        "﷽" * 3000,
        "signal" * 60 + "qx",
        "whatsappgruppe" * 500,
    ],
)
def test_pathological_texts_are_ranked_without_an_exception(desk: Desk, text: str) -> None:
    turn = desk.consider(Conversation(), message(text), NOW)
    assert not isinstance(turn.decision, Answer)


@pytest.fixture(scope="module")
def unread(knowledge: KnowledgeBase) -> tuple[Desk, tuple[Example, ...]]:
    """A bot that has not learned from the development set, and that set."""
    own, development = set_apart(knowledge)
    assert len(development) >= 130
    return Desk(own, CONTACT), development


def test_the_development_set_is_answered_as_well_as_promised(unread: tuple[Desk, tuple[Example, ...]]) -> None:
    evaluation = evaluate(*unread)
    asked = evaluation.by_scope[True]
    assert asked.rate("right") >= 0.90
    assert asked.rate("right", "helped") >= 0.95
    assert asked.rate("wrong") <= 0.03
    assert evaluation.by_scope[False].wrong <= 1


def test_the_examples_are_answered_well_and_rarely_wrong(desk: Desk, knowledge: KnowledgeBase) -> None:
    decisions = [(e, desk.consider(Conversation(), message(e.text), NOW).decision) for e in knowledge.examples]
    answered = [(example, d.entries[0]) for example, d in decisions if isinstance(d, Answer)]
    assert sum(entry in example.expect for example, entry in answered) >= 0.95 * len(answered)
    assert len(answered) >= 0.85 * sum(bool(example.expect) for example in knowledge.examples)


def test_a_confidence_is_a_probability_on_messages_that_it_was_not_learned_from(
    unread: tuple[Desk, tuple[Example, ...]],
) -> None:
    desk, development = unread
    turns = [(each, desk.consider(Conversation(), message(each.text), NOW)) for each in development if each.expect]
    best = [(each, turn.ranking.matches[0]) for each, turn in turns]
    sure = [match.entry in each.expect for each, match in best if match.confidence >= 0.9]
    assert len(sure) >= 0.5 * len(best)
    assert sum(sure) >= 0.9 * len(sure)
