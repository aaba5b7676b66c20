"""An edition answers as the configuration wants, and says in which file each entry stands."""

from pathlib import Path

from bot.adapters.faq.editions import open_edition
from bot.core.situation import Thresholds
from tests.conftest import CONTACT
from tests.test_keeper import FAQ


def test_an_edition_has_the_thresholds_and_the_language_that_are_configured(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(FAQ, encoding="utf-8")
    never = Thresholds(answer=1, clarify=1, near=1)
    edition = open_edition(tmp_path, {}, contact=CONTACT, language="en", thresholds=never)
    assert (edition.desk.thresholds, edition.desk.language) == (never, "en")
    assert edition.keeping.unchanged().language == "en"
    assert edition.evaluation.tally.right < open_edition(tmp_path, {}, contact=CONTACT).evaluation.tally.right
    assert edition.files == {"drucker": "faq.yaml", "schluessel": "faq.yaml"}


def test_what_is_read_instead_of_a_file_counts_and_stays_unwritten(tmp_path: Path) -> None:
    (tmp_path / "faq.yaml").write_text(FAQ, encoding="utf-8")
    instead = {"faq.yaml": FAQ.replace("id: drucker", "id: printer").replace("[drucker]", "[printer]").encode()}
    assert list(open_edition(tmp_path, instead, contact=CONTACT).files) == ["printer", "schluessel"]
    assert (tmp_path / "faq.yaml").read_text(encoding="utf-8") == FAQ
