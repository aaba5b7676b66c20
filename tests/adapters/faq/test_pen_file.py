"""A file of the FAQ is replaced whole or not at all, and what stands in the way is told with what to do."""

import os
import resource
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from bot.adapters.faq.pen import replace
from bot.ports.keeping import CannotWrite

NOBODY = 65534
OLD, NEW = b"entries: [old]\n", b"entries: [new]\n"


@pytest.fixture
def file() -> Iterator[Path]:
    """A file in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "faq.yaml"
        path.write_bytes(OLD)
        path.chmod(0o644)
        yield path


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user for whom rights count: root may do everything."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


def refused(path: Path, user: AbstractContextManager[None] = nullcontext(), after: bytes = NEW) -> str:
    """What is told; nothing is changed, and nothing left behind."""
    was = content_of(path.parent)
    with user, pytest.raises(CannotWrite) as told:
        replace(path, OLD, after)
    assert content_of(path.parent) == was
    assert str(told.value).startswith(f"{path}: ")
    return str(told.value).removeprefix(f"{path}: ")


def visible(folder: Path) -> list[str]:
    """What may be part of the FAQ: hidden files are not."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def test_a_file_gets_its_new_content_and_keeps_its_rights_and_its_owner(file: Path) -> None:
    owner = (12345, 54321) if os.geteuid() == 0 else (os.geteuid(), [os.getegid(), *os.getgroups()][-1])
    os.chown(file, *owner)
    file.chmod(0o664)
    replace(file, OLD, NEW)
    was = file.stat()
    assert content_of(file.parent) == {file.name: NEW}
    assert (was.st_uid, was.st_gid, stat.S_IMODE(was.st_mode)) == (*owner, 0o664)


def test_a_file_of_somebody_else_can_be_replaced_where_its_group_may_write(file: Path) -> None:
    """The owner changes then: that cannot be helped."""
    file.parent.chmod(0o777)
    file.chmod(0o666)
    with without_rights():
        replace(file, OLD, NEW)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (NEW, 0o666)


def test_a_symbolic_link_stays_and_leads_to_the_new_content(file: Path) -> None:
    elsewhere = file.parent / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.yaml"
    link.symlink_to("../faq.yaml")
    replace(link, OLD, NEW)
    assert (link.readlink(), file.read_bytes()) == (Path("../faq.yaml"), NEW)
    assert list(elsewhere.iterdir()) == [link]


def test_what_was_changed_meanwhile_is_not_overwritten(file: Path) -> None:
    file.write_bytes(OLD + b"# by hand\n")
    assert refused(file) == "it was changed meanwhile: look at it, then try again"


def test_a_file_or_a_folder_without_the_right_to_write_is_told(file: Path) -> None:
    denied = "access is denied: let the bot's user write to it and to its folder, or write there by hand"
    file.parent.chmod(0o555)
    file.chmod(0o666)
    assert refused(file, without_rights()) == denied
    file.parent.chmod(0o777)
    for mode in (0o600, 0o644, 0o000) if os.geteuid() == 0 else (0o400,):
        file.chmod(mode)
        assert refused(file, without_rights()) == denied


def test_a_write_protected_file_is_left_alone_even_by_root(file: Path) -> None:
    file.chmod(0o444)
    told = refused(file)
    assert "write-protected" in told if os.geteuid() == 0 else "access is denied" in told
    assert "by hand" in told


def test_a_file_that_is_gone_a_folder_and_a_link_to_itself_are_told(file: Path) -> None:
    assert "not there any more" in refused(file.parent / "gone.yaml")
    (file.parent / "folder.yaml").mkdir()
    assert "it is a folder" in refused(file.parent / "folder.yaml")
    link = file.parent / "link.yaml"
    link.symlink_to(link)
    with pytest.raises(CannotWrite, match="leads round in a circle"):
        replace(link, OLD, NEW)


@contextmanager
def little_room() -> Iterator[None]:
    """Files may not grow beyond some bytes: writing fails halfway, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_there_is_no_room_the_file_stays_as_it_was(file: Path) -> None:
    assert refused(file, little_room(), NEW * 1000) == "files may not grow so large: make room, then try again"


WRITER = """
import itertools, sys
from pathlib import Path
from bot.adapters.faq.pen import replace
path, old, new = Path(sys.argv[1]), b"old\\n" * 200_000, b"new\\n" * 200_000
print("ready", flush=True)
for before, after in itertools.cycle([(old, new), (new, old)]):
    replace(path, before, after)
"""


def test_who_reads_while_it_is_replaced_or_after_a_kill_finds_a_whole_file(file: Path) -> None:
    whole = (b"old\n" * 200_000, b"new\n" * 200_000)
    seen = set()
    for attempt in range(4):
        file.write_bytes(whole[0])
        command = [sys.executable, "-c", WRITER, str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: S603
            try:
                assert writer.stdout
                assert writer.stdout.readline() == b"ready\n"
                until = time.monotonic() + 0.2 + 0.013 * attempt
                while time.monotonic() < until:
                    seen.add(file.read_bytes())
                    assert seen <= set(whole)
                    assert visible(file.parent) == [file.name]
            finally:
                writer.kill()
        assert file.read_bytes() in whole
        assert visible(file.parent) == [file.name]
    assert seen == set(whole)
