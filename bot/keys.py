"""The store's key: one random secret in a file of its own, what is derived from it, and what is sealed with it."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_LENGTH = 32
_NONCE = 12


class Unusable(Exception):
    """Something in the data folder cannot be used; the text says what, and what to do."""


class Key:
    """Makes keyed fingerprints, so that what is kept names nobody to a reader without the key."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def fingerprint(self, kind: str, *parts: str) -> bytes:
        """16 bytes that stand for `parts`: keyed BLAKE2b (RFC 7693), apart for each `kind` (at most 16 bytes)."""
        return self._derived(kind, parts, size=16)

    def derive(self, purpose: str) -> str:
        """A secret text for one `purpose` (at most 16 bytes)."""
        return self._derived(purpose).hex()

    def seal(self, purpose: str, content: bytes, *parts: str) -> bytes:
        """`content`, encrypted and authenticated (ChaCha20-Poly1305, RFC 8439) for one `purpose` (at most 16 bytes).

        Only who knows the `parts` can unseal it.
        """
        nonce = secrets.token_bytes(_NONCE)
        return nonce + ChaCha20Poly1305(self._derived(purpose, parts)).encrypt(nonce, content, None)

    def unseal(self, purpose: str, sealed: bytes, *parts: str) -> bytes:
        """What was sealed for `purpose` and `parts`.

        Raises:
            ValueError: it was sealed with another key, for another purpose or other parts, or it is damaged.
        """
        try:
            return ChaCha20Poly1305(self._derived(purpose, parts)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag:
            raise ValueError("this was not sealed with this key") from None

    def _derived(self, purpose: str, parts: Sequence[str] = (), size: int = 32) -> bytes:
        message = b"".join(len(part).to_bytes(4, "big") + part for part in (p.encode(errors="replace") for p in parts))
        return hashlib.blake2b(message, key=self._secret, person=purpose.encode(), digest_size=size).digest()


def open_key(folder: Path) -> Key:
    """The key in `folder`, made at the first start. Folder and file are readable by their owner only.

    Raises:
        Unusable: the file holds no key.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "key"
    if not path.exists():
        write_private(path, secrets.token_bytes(_LENGTH))
    secret = path.read_bytes()
    if len(secret) != _LENGTH:
        raise Unusable(f"{path} is no key: restore it from the backup")
    return Key(secret)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second bot out of the folder: two would spoil each other's encryption.

    Raises:
        Unusable: another bot runs on it.
    """
    with (folder / "key").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"another bot runs on the data folder {folder}: stop it first") from None
        yield


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
