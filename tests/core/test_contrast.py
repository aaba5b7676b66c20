import pytest

from bot.core.contrast import weigh_contrast
from bot.core.model import Reading
from bot.core.reading import Reader

READER = Reader(["nicht WhatsApp sondern Signal", "statt Skype", "not but instead of", "was nehme ich"])


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("nicht WhatsApp, sondern Signal", ["whatsapp"]),
        ("nich whatsap sondern Signal", ["whatsap"]),
        ("not WhatsApp but Signal", ["whatsapp"]),
        ("was nehme ich statt Skype", ["skype"]),
        ("Signal instead of WhatsApp", ["whatsapp"]),
        ("Signal anstelle von WhatsApp", ["whatsapp"]),
        ("WhatsApp nicht, sondern Signal", ["whatsapp"]),
        ("Signal ohne WhatsApp", []),
        ("WhatsApp nicht", []),
        ("sondern", []),
        ("statt", []),
        ("", []),
    ],
)
def test_what_is_turned_down_counts_little(text: str, dropped: list[str]) -> None:
    read = weigh_contrast(READER.read(text))
    assert [word.typed for word in read if word.turned_down] == dropped
    assert all(word.certainty < 0.5 for word in read if word.turned_down)


def test_what_is_turned_down_is_still_read_as_it_was() -> None:
    *_, word = weigh_contrast(READER.read("statt singal"))
    assert word.reading is Reading.REPAIRED
    assert word.is_alternatives
    assert word.turned_down
