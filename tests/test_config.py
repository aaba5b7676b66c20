from pathlib import Path

import pytest

from bot.config import load_config
from bot.yamlfile import Refused

EXAMPLE = Path(__file__).parents[1] / "config.example.yaml"
SMALL = 'matrix:\n  user: "@bot:uni.test"\n  password: hush\n'


def refused(tmp_path: Path, content: str, **environment: str) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(Refused) as error:
        load_config(path, environment)
    return str(error.value)


def test_the_example_loads_and_names_every_key() -> None:
    config = load_config(EXAMPLE, {})
    text = EXAMPLE.read_text()
    for model in (config, config.matrix, config.matrix.questions):
        for key in type(model).model_fields:
            assert f"{key}:" in text, key


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
