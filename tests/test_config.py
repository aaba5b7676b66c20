import re
from pathlib import Path

import pytest

from bot.config import Config, Conversations, Mail, Matrix, load_config
from bot.core.pace import Limits
from bot.yamlfile import Refused

EXAMPLE = Path(__file__).parents[1] / "config.example.yaml"
SMALL = 'matrix:\n  user: "@bot:uni.test"\n  password: hush\n'
MAIL = SMALL + "mail:\n  server: mail.uni.test\n  sender: bot@uni.test\n"


def refused(tmp_path: Path, content: str, **environment: str) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(Refused) as error:
        load_config(path, environment)
    return str(error.value)


def test_the_example_loads_and_names_every_key() -> None:
    load_config(EXAMPLE, {})
    text = EXAMPLE.read_text()
    for model in (Config, Matrix, Limits, Mail, Conversations):
        for key in model.model_fields:
            assert f"{key}:" in text, key


def test_the_example_s_block_for_mail_loads_once_it_is_no_comment(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    begin = lines.index("# mail:")
    block = [line.removeprefix("# ") for line in lines[begin : lines.index("", begin)]]
    given = [re.sub(r"^  # (?=\w+: )", "  ", line) for line in block]
    (tmp_path / "config.yaml").write_text(SMALL + "\n".join(given))
    mail = load_config(tmp_path / "config.yaml", {}).mail
    assert mail
    assert mail.model_fields_set == set(Mail.model_fields)
    assert (mail.security, mail.effective_port, mail.per_person, mail.overall) == ("starttls", 587, 5, 50)


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SMALL)
    assert "hush" not in repr(load_config(tmp_path / "config.yaml", {}))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SMALL)
    environment = {"AUSKUNFT_MATRIX__PASSWORD": "other", "AUSKUNFT_LANGUAGE": "en", "PATH": "/bin"}
    config = load_config(tmp_path / "config.yaml", environment)
    assert config.matrix.password
    assert config.matrix.password.get_secret_value() == "other"
    assert config.language == "en"


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('matrix: {user: "@bot:uni.test", device_id: ABC}')
    (tmp_path / "token").write_text("syt_x\n")
    config = load_config(tmp_path / "config.yaml", {"AUSKUNFT_MATRIX__ACCESS_TOKEN_FILE": str(tmp_path / "token")})
    assert config.matrix.access_token
    assert config.matrix.access_token.get_secret_value() == "syt_x"


def test_the_login_of_the_mail_server_may_come_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(MAIL + "  user: bot\n")
    (tmp_path / "secret").write_text("hush hush\n")
    for environment in (
        {"AUSKUNFT_MAIL__PASSWORD": "hush hush"},
        {"AUSKUNFT_MAIL__PASSWORD_FILE": str(tmp_path / "secret")},
    ):
        config = load_config(tmp_path / "config.yaml", environment)
        assert config.mail
        assert config.mail.password
        assert config.mail.password.get_secret_value() == "hush hush"
        assert "hush hush" not in repr(config)


@pytest.mark.parametrize(
    ("server", "given", "port"),
    [
        ("mail.uni.test", "", 587),
        ("mail.uni.test", "  security: tls\n", 465),
        ("localhost", "  security: none\n", 25),
        ("127.0.0.1", "  security: none\n", 25),
        ("'::1'", "  security: none\n", 25),
        ("mail.uni.test", "  port: 2525\n", 2525),
    ],
)
def test_the_port_of_the_mail_server_follows_from_the_security(
    tmp_path: Path, server: str, given: str, port: int
) -> None:
    (tmp_path / "config.yaml").write_text(MAIL.replace("mail.uni.test", server) + given)
    mail = load_config(tmp_path / "config.yaml", {}).mail
    assert mail
    assert mail.effective_port == port


def test_without_a_block_for_mail_none_is_sent_and_conversations_last_half_an_hour(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SMALL)
    config = load_config(tmp_path / "config.yaml", {})
    assert config.mail is None
    assert (config.conversation.remember, config.conversation.handed_over) == (30, 60)


def test_a_list_in_the_environment_is_divided_by_commas_and_what_kubernetes_adds_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SMALL)
    environment = {
        "AUSKUNFT_MATRIX__INVITES_FROM": "a.org, @b:c",
        "AUSKUNFT_PORT": "tcp://x",
        "AUSKUNFT_SERVICE_HOST": "x",
    }
    assert load_config(tmp_path / "config.yaml", environment).matrix.invites_from == ("a.org", "@b:c")


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SMALL + "knowledge: faq\n")
    config = load_config(tmp_path / "config.yaml", {})
    assert config.knowledge == tmp_path / "faq"
    assert config.data == tmp_path / "data"


@pytest.mark.parametrize(
    ("content", "environment", "told"),
    [
        (SMALL + "  pasword: x\n", {}, "config.yaml:4: error: unknown key `matrix.pasword`. Did you mean `password`?"),
        (SMALL + "launguage: en\n", {}, "config.yaml:4: error: unknown key `launguage`. Did you mean `language`?"),
        ("matrix:\n  user: bot\n  password: x\n", {}, "config.yaml:2: error: `matrix.user`"),
        (SMALL + "  large_rooms: [everybody]\n", {}, 'Write each as "#name:server"'),
        (SMALL + "  largest_room: -1\n", {}, "config.yaml:4: error: `matrix.largest_room`"),
        (SMALL + "  unencrypted: never\n", {}, "config.yaml:4: error: `matrix.unencrypted`"),
        ('matrix:\n  user: "@b:c"\n', {}, "either a `password` or an `access_token`"),
        ('matrix: {user: "@b:c", access_token: x}\n', {}, "needs the `device_id`"),
        (SMALL + "  questions: {burst: 0}\n", {}, "config.yaml:4: error: `matrix.questions.burst`"),
        ("contact: x\n" + SMALL, {}, "config.yaml:1: error: `contact`"),
        (SMALL + "mail:\n", {}, "config.yaml:4: error: `mail` needs to be a block of keys"),
        (SMALL + "mail:\n  sender: a@b.c\n", {}, "config.yaml:4: error: `mail.server` is missing"),
        (SMALL, {"AUSKUNFT_MAIL__PASSWORD": "x"}, "`mail.server` is missing"),
        (MAIL.replace("mail.uni", "smtp://mail.uni"), {}, "config.yaml:5: error: `mail.server` may not be written so"),
        (MAIL.replace("bot@uni.test", "bot"), {}, "config.yaml:6: error: `mail.sender` may not be written so. Write a"),
        (MAIL + "  recipient: a@b@c\n", {}, "config.yaml:7: error: `mail.recipient`"),
        (MAIL + "  recipient: '=?x?=@uni.test'\n", {}, "config.yaml:7: error: `mail.recipient`"),
        (MAIL + "  security: ssl\n", {}, "config.yaml:7: error: `mail.security`"),
        (MAIL + "  security: none\n", {}, "config.yaml:7: error: `mail.security`: `none` would send names, addresses"),
        (MAIL, {"AUSKUNFT_MAIL__SECURITY": "none"}, "variable AUSKUNFT_MAIL__SECURITY:1: error: `mail.security`"),
        (MAIL.replace("mail.uni", "localhost.uni") + "  security: none\n", {}, "to localhost.uni.test unencrypted"),
        (MAIL + "  port: 0\n", {}, "config.yaml:7: error: `mail.port`"),
        (MAIL + "  port: 65536\n", {}, "config.yaml:7: error: `mail.port`"),
        (MAIL + "  user: x\n", {}, "config.yaml:4: error: `mail`: the `user` needs a `password`"),
        (MAIL + "  password: x\n", {}, "config.yaml:4: error: `mail`: the `password` needs a `user`"),
        (
            MAIL + "  reply_address: x@uni.test\n",
            {},
            "config.yaml:7: error: `mail.reply_address`: write it with",
        ),
        (MAIL + "  reply_address: '{localpart}'\n", {}, "config.yaml:7: error: `mail.reply_address`"),
        (MAIL + "  reply_address: '{localpart}@{localpart}.test'\n", {}, "config.yaml:7: error: `mail.reply_address`"),
        (MAIL + "  reply_address: '{localpart}@{domain}'\n", {}, "config.yaml:7: error: `mail.reply_address`"),
        (MAIL + "  reply_address: '{localpart} @uni.test'\n", {}, "config.yaml:7: error: `mail.reply_address`"),
        (MAIL + "  per_person: 0\n", {}, "config.yaml:7: error: `mail.per_person`"),
        (MAIL + "  overall: none\n", {}, "config.yaml:7: error: `mail.overall`"),
        (SMALL + "conversation:\n  remember: 0\n", {}, "config.yaml:5: error: `conversation.remember`"),
        (SMALL + "conversation:\n  remember: 1441\n", {}, "config.yaml:5: error: `conversation.remember`"),
        (SMALL + "conversation:\n  handed_over: -1\n", {}, "config.yaml:5: error: `conversation.handed_over`"),
        (SMALL, {"AUSKUNFT_MATRIX__ADMINS": "@a:b"}, "`admins` needs `admin_room`"),
        (SMALL, {"AUSKUNFT_MATRIX__ADMIN_ROOM": "#a:b"}, "`admin_room` needs `admins`"),
        (SMALL, {"AUSKUNFT_MATRIX__ADMIN_ROOM": "#a:b", "AUSKUNFT_MATRIX__ADMINS": "ada"}, "may not be written so"),
        (
            SMALL,
            {
                "AUSKUNFT_MATRIX__ADMIN_ROOM": "#a:b",
                "AUSKUNFT_MATRIX__SUPPORT_ROOM": "#a:b",
                "AUSKUNFT_MATRIX__ADMINS": "@a:b",
            },
            "are two rooms",
        ),
        (SMALL, {"AUSKUNFT_MATRIX__PASWORD": "x"}, "environment variable AUSKUNFT_MATRIX__PASWORD"),
        (SMALL, {"AUSKUNFT_MATRIX__PASSWORD_FILE": "nowhere"}, "AUSKUNFT_MATRIX__PASSWORD_FILE"),
        (SMALL, {"AUSKUNFT_MATRIX__PASSWORD_FILE": "/dev/null"}, "the file /dev/null is empty"),
        (SMALL, {"AUSKUNFT_MATRX__PASSWORD": "x"}, "environment variable AUSKUNFT_MATRX__PASSWORD"),
        ("- a\n", {}, "config.yaml:1: error: this is no block of keys"),
        ("", {}, "`matrix` is missing"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, content: str, environment: dict[str, str], told: str) -> None:
    assert told in refused(tmp_path, content, **environment)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"Copy config\.example\.yaml"):
        load_config(tmp_path / "nowhere.yaml", {})
