import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.faq import NotCovered, Synonym
from bot.core.model import Reading, Word
from bot.core.reading import Reader
from bot.core.text import words

TEXTS = ["Videokonferenz", "Raum buchen", "DFNconf", "WhatsApp erlaubt", "Schlüssel für Gäste", "Verschlüsselung", "am"]
READER = Reader(
    TEXTS,
    [
        Synonym.model_validate({"to": "WhatsApp", "from": ["WA", "Whats App"]}),
        Synonym.model_validate({"to": "erlaubt", "from": ["ok"], "weight": 0.5}),
    ],
    [
        NotCovered.model_validate({"names": ["Zoom", "Zoom-Meeting"], "pointer": {"de": "Nein."}}),
        NotCovered.model_validate({"names": ["Mattermost", "Raum mieten"], "pointer": {"de": "Nein."}}),
    ],
)


def only(text: str) -> Word:
    (word,) = READER.read(text)
    return word


@pytest.mark.parametrize("text", ["Schlüssel", "schluessel", "SCHLÜSSEL", "Schlu\u0308ssel", "schlüs\u00adsel"])
def test_umlauts_and_case_are_read_in_every_spelling(text: str) -> None:
    assert only(text).read_as == ("schluessel",)
    assert only(text).reading is Reading.TYPED


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("shlüssel", "schluessel"),
        ("Verschlüselung", "verschluesselung"),
        ("verschülsselung", "verschluesselung"),
        ("vidoekonferenz", "videokonferenz"),
        ("videokonferemz", "videokonferenz"),
        ("whattsapp", "whatsapp"),
        ("erlauubt", "erlaubt"),
    ],
)
def test_a_mistyped_word_is_repaired(typed: str, meant: str) -> None:
    word = only(typed)
    assert word.reading is Reading.REPAIRED
    assert word.read_as[0] == meant
    assert 0.38 <= word.certainty < 1


def test_a_known_word_is_never_repaired_and_short_ones_keep_their_first_letter() -> None:
    assert only("am").reading is Reading.TYPED
    assert only("baum").reading is Reading.UNKNOWN  # not Raum


def test_compounds_are_split_into_words_of_the_faq_and_words_written_apart_joined() -> None:
    assert only("Videokonferenzraum").read_as == ("videokonferenz", "raum")
    assert only("Gästeraumbuchen").read_as == ("gaeste", "raum", "buchen")
    assert only("Video Konferenz").reading is Reading.JOINED
    assert only("DFN-Conf").read_as == ("dfnconf",)
    assert only("dfn conf").read_as == ("dfnconf",)


def test_synonyms_have_a_direction_and_a_weight_and_are_whole_words() -> None:
    assert only("WA").read_as == ("whatsapp",)
    assert only("whats app").reading is Reading.SYNONYM
    assert only("ok").certainty == 0.5
    assert only("erlaubt").reading is Reading.TYPED
    assert READER.read("wann")[0].reading is not Reading.SYNONYM


def test_what_the_faq_does_not_cover_is_recognised_by_all_its_names() -> None:
    assert only("zoom").not_covered == only("Zoom-Meeting").not_covered == 0
    assert only("raum mieten").not_covered == 1
    assert only("matermost").not_covered == 1
    assert only("buchen").not_covered is None


@given(st.text(max_size=200))
def test_every_text_is_read_and_no_word_is_lost(text: str) -> None:
    read = READER.read(text)
    assert all(0 <= sense.certainty <= 1 for word in read for sense in word.senses)
    assert " ".join(word.typed for word in read).split() == list(words(text))


def test_nonsense_costs_a_bounded_number_of_repairs() -> None:
    mistyped = [f"verschl{chr(97 + n)}sselung" for n in range(26)] + [f"videok{chr(97 + n)}nferenz" for n in range(26)]
    read = READER.read(" ".join(mistyped))
    assert sum(word.reading is Reading.REPAIRED for word in read) <= 20


@pytest.mark.parametrize("word", ["raum" * 60 + "qx", "raum" * 9 + "qx", "buchen" * 2000])
def test_a_word_of_many_parts_is_read_at_once(word: str) -> None:
    assert only(word).reading is Reading.UNKNOWN
