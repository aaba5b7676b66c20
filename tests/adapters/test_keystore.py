from pathlib import Path

import pytest
from nio.crypto import OlmAccount

from bot.adapters.matrix.keystore import KeyStore
from bot.ports import StoreBroken


def store(folder: Path) -> KeyStore:
    return KeyStore("@bot:uni.test", "DEVICE", str(folder), "a pickle key")


def test_keys_that_cannot_be_kept_are_told_as_those_of_our_own_store(tmp_path: Path) -> None:
    keys = store(tmp_path)
    keys.save_account(OlmAccount())
    keys.database.execute_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreBroken, match="the disk is full; make room"):
        keys.save_encrypted_rooms([f"!{number}:uni.test" for number in range(1000)])


@pytest.mark.parametrize("part", ["head", "page"])
def test_a_damaged_store_is_told_when_it_is_opened(tmp_path: Path, part: str) -> None:
    keys = store(tmp_path)
    keys.save_account(OlmAccount())
    keys.database.close()
    path = Path(keys.database_path)
    content = bytearray(path.read_bytes())
    start = 0 if part == "head" else len(content) - 4096
    content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreBroken, match="it is damaged: restore the whole data folder"):
        store(tmp_path)


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    account = OlmAccount()
    store(tmp_path).save_account(account)
    assert store(tmp_path).load_account().identity_keys == account.identity_keys
