from bot.core.lint.links import Answered, addresses, link_faults
from tests.core.lint.faqs import faq, german

PAGE, OTHER, SOURCE = "https://example.org/a?b=c#d", "http://example.org/b", "https://example.org"
BASE = faq(
    german(
        links=[{"title": {"de": "x"}, "url": PAGE}, {"title": {"de": "y"}, "url": "mailto:a@example.org"}],
        answer={"de": f"Siehe [hier]({OTHER}) oder [da]({PAGE}), oder [uns](mailto:b@example.org)."},
    ),
    not_covered=[{"names": ["Zoom"], "pointer": {"de": f"Siehe <{OTHER}>."}}],
)


def test_every_web_address_is_found_with_all_its_places() -> None:
    assert addresses(BASE) == {
        PAGE: (
            (BASE.place("entries", 0, "links", 0, "url"), "a"),
            (BASE.place("entries", 0, "answer", "de"), "a"),
        ),
        SOURCE: ((BASE.place("entries", 0, "source", "url"), "a"),),
        OTHER: (
            (BASE.place("entries", 0, "answer", "de"), "a"),
            (BASE.place("not_covered", 0, "pointer", "de"), None),
        ),
    }


def test_a_dead_link_is_an_error_wherever_it_stands() -> None:
    told = link_faults(BASE, {OTHER: Answered("dead", "the server says 404 (Not Found)")})
    assert {fault.place for fault in told} == {place for place, _ in addresses(BASE)[OTHER]}
    assert all(f"error: {OTHER} leads nowhere: the server says 404" in str(f).replace("entry a: ", "") for f in told)


def test_a_link_that_has_moved_is_a_warning_that_names_the_new_address() -> None:
    (fault,) = link_faults(BASE, {SOURCE: Answered("moved", "https://example.org/new")})
    assert fault.severity == "warning"
    assert "Write https://example.org/new instead." in str(fault)


def test_where_no_server_answers_at_all_it_is_not_the_links() -> None:
    silent = Answered("unreachable", "the name does not exist")
    (fault,) = link_faults(BASE, dict.fromkeys(addresses(BASE), silent))
    assert "not one server of all the links answers" in str(fault)
    assert len(link_faults(BASE, {PAGE: silent, OTHER: silent})) == 4


def test_the_only_link_of_a_faq_is_told_where_it_stands() -> None:
    base = faq(german(source=None, answer={"de": f"Siehe <{PAGE}>."}))
    (fault,) = link_faults(base, {PAGE: Answered("unreachable", "no answer in time")})
    assert (fault.entry, fault.place) == ("a", base.place("entries", 0, "answer", "de"))
