from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.commands.settings import settings_faults
from bot.config import load_config

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
MATRIX = 'matrix:\n  user: "@bot:uni.test"\n  password: secret\n'
MAIL = "mail:\n  server: mail.uni.test\n  sender: bot@uni.test\n"


def told(path: Path, content: str, environment: Mapping[str, str] | None = None) -> list[str]:
    (path / "config.yaml").write_text(content)
    config = load_config(path / "config.yaml", environment or {})
    faults = settings_faults(path / "config.yaml", config, environment or {})
    return [str(fault).removeprefix(f"{path}/") for fault in faults]


def test_an_edited_configuration_has_no_fault(tmp_path: Path) -> None:
    invites = '  invites_from: [uni.test, "uni.test:8448", "@ada:uni.test"]\n'
    assert told(tmp_path, MATRIX + invites + MAIL) == []


def test_the_example_as_it_is_is_told_line_by_line() -> None:
    faults = settings_faults(EXAMPLE, load_config(EXAMPLE, {}), {})
    rows = EXAMPLE.read_text().splitlines()
    assert [rows[fault.place.line - 1].strip() for fault in faults] == [
        'user: "@auskunft:example.org"',
        'password: "change me"',
        "- example.org",
    ]
    assert all(fault.severity == "error" for fault in faults)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (MATRIX + "  homeserver: https://matrix.example.org\n", 4, "error: `matrix.example.org` is still"),
        (MATRIX + '  invites_from: ["@ada:other.example"]\n', 4, "error: `@ada:other.example` is still"),
        (MATRIX + '  support_room: "#help:example.org"\n', 4, "error: `#help:example.org` is still"),
        (
            MATRIX + '  admin_room: "#faq:example.org"\n  admins: ["@ada:uni.test"]\n',
            4,
            "error: `#faq:example.org` is still",
        ),
        (MATRIX + '  admin_room: "#faq:uni.test"\n  admins: ["@ada:example.org"]\n', 5, "error: `@ada:example.org` is"),
        (MATRIX + "contact: help@example.com\n", 4, "error: `help@example.com` is still"),
        (MATRIX + MAIL.replace("mail.uni.test", "mail.example.org"), 5, "error: `mail.example.org` is still"),
        (MATRIX + MAIL.replace("bot@uni.test", "bot@example.org"), 6, "error: `bot@example.org` is still"),
        (MATRIX + MAIL + "  recipient: a@example.net\n", 7, "error: `a@example.net` is still"),
        (MATRIX + MAIL + '  reply_address: "{localpart}@example.org"\n', 7, "is still the example's"),
        (MATRIX + MAIL + "  user: bot\n  password: change me\n", 8, "error: the password is still the example's"),
        (MATRIX + "  avatar: nowhere.png\n", 4, "warning: there is no file"),
        (MATRIX + "  invites_from:\n    - uni.test\n    - '*'\n", 6, "error: `*` matches nobody"),
        (MATRIX + "  invites_from: ['*.uni.test']\n", 4, "error: `*.uni.test` matches nobody"),
        (MATRIX + "  invites_from: ['@*:uni.test']\n", 4, "error: `@*:uni.test` matches nobody"),
        (MATRIX + "  invites_from: ['https://uni.test']\n", 4, "error: `https://uni.test` matches nobody"),
        (MATRIX + MAIL.replace("bot@uni.test", "bot@localhost"), 6, "warning: mail from bot@localhost is refused"),
        (MATRIX + MAIL.replace("bot@uni.test", "bot@a.localdomain"), 6, "warning: mail from bot@a.localdomain is"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_line(tmp_path: Path, content: str, line: int, message: str) -> None:
    fault, *_ = told(tmp_path, content)
    assert fault.startswith(f"config.yaml:{line}: ")
    assert message in fault


def test_what_comes_from_the_environment_is_told_with_its_variable(tmp_path: Path) -> None:
    environment = {"AUSKUNFT_MATRIX__PASSWORD": "change me", "AUSKUNFT_CONTACT": "a@example.org"}
    assert [fault.partition(":")[0] for fault in told(tmp_path, MATRIX, environment)] == [
        "environment variable AUSKUNFT_CONTACT",
        "environment variable AUSKUNFT_MATRIX__PASSWORD",
    ]


def test_what_comes_from_a_file_is_told_with_the_variable_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("change me\n")
    (fault,) = told(tmp_path, MATRIX, {"AUSKUNFT_MATRIX__PASSWORD_FILE": str(tmp_path / "secret")})
    assert fault.startswith("environment variable AUSKUNFT_MATRIX__PASSWORD_FILE:")


def test_a_picture_that_is_there_is_fine(tmp_path: Path) -> None:
    (tmp_path / "bot.png").write_text("")
    assert told(tmp_path, MATRIX + "  avatar: bot.png\n") == []
