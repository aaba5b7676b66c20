import time

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from bot.core.address import find_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Meine Adresse ist ada@example.org.", "ada@example.org"),
        ("<ada@example.org>", "ada@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("`ada@example.org`", "ada@example.org"),
        ("**ada@example.org**!", "ada@example.org"),
        ("„ada@example.org“", "ada@example.org"),
        ("Ada Lovelace <ada.lovelace+uni@Example.ORG>", "ada.lovelace+uni@example.org"),
        ("a.d-a_1@sub.tu-braunschweig.de", "a.d-a_1@sub.tu-braunschweig.de"),
        ("ada@example.org, also ada@example.org", "ada@example.org"),
        ("ada@bücher.example.org", "ada@bücher.example.org"),
    ],
)
def test_the_address_is_found_among_other_words(text: str, address: str) -> None:
    assert find_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keine",
        "@ada:uni.test",
        "@ada:tu-braunschweig.de",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example",
        "ada@@example.org",
        "ada@x@example.org",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada..b@example.org",
        "ada@-example.org",
        "ada@example.test",
        "a@" + "b" * 300 + ".org",
    ],
)
def test_what_is_no_address_on_the_internet_is_none(text: str) -> None:
    assert find_address(text) is None


def test_of_two_addresses_none_is_chosen() -> None:
    assert find_address("ada@example.org oder grace@example.com") is None


@pytest.mark.parametrize(
    "text", ["ada@example.org\r\nBcc: eve@example.com", "ada@example.org\nX: y", "a\0b@example.org"]
)
def test_no_header_comes_in_with_an_address(text: str) -> None:
    found = find_address(text)
    assert found is None or not set(found) & set("\r\n\0")


@given(st.text(max_size=100) | st.from_regex(r"[^\s]{1,10}@[^\s]{1,10}\.(de|org)[^a]{0,9}"))
def test_whatever_comes_out_is_one_valid_address_of_one_line(text: str) -> None:
    if found := find_address(text):
        assert validate_email(found, check_deliverability=False).normalized == found
        assert len(found.splitlines()) == 1
        assert found.count("@") == 1
        assert not set(found) & set(' ,;:<>()"')


@given(st.emails(domains=st.sampled_from(["example.org", "tu-braunschweig.de"])))
def test_every_common_address_is_found_in_a_sentence(address: str) -> None:
    local = address.partition("@")[0]
    if not set(local) & set("*_`'!?.") and local.isascii():
        assert find_address(f"Bitte an {address} antworten.") == address


@pytest.mark.parametrize(
    "text",
    ["a" * 65_536 + "@", "@" * 65_536, "a@" * 32_768, "a@b " * 16_384, "".join(f"{n}@b " for n in range(10_000))],
)
def test_the_longest_message_takes_no_time(text: str) -> None:
    started = time.process_time()
    assert find_address(text) is None
    assert time.process_time() - started < 2
