"""Where a database lies: folders that cannot be written, and file systems that lose what SQLite keeps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from support.another_user import SERVICE, reachable_folder, the_service
from support.store_samples import Bench

from watcher.errors import StoreError, StoreUnusable
from watcher.store import ProcessLock, Store, access, mounts


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can reach."""
    with reachable_folder() as made:
        (made / "data").mkdir()
        yield made / "data"


def as_the_service(folder: Path) -> str:
    """What the service says when it begins to work there."""
    try:
        with the_service(), Store.open(f"sqlite:///{folder}/watcher.db", folder=folder), ProcessLock.claim(folder):
            return "opened"
    except StoreError as error:
        return f"{type(error).__name__}: {error}"


def expected(folder: Path) -> str:
    """The end of the message: whose the folder is and the command."""
    if os.geteuid() == 0:
        return f"belongs to uid 0 (mode {{mode}}); mend it with: sudo chown -R {SERVICE}:{SERVICE} {folder} (for a container:"
    return f"belongs to uid {os.geteuid()} (mode {{mode}}); mend it with: chmod -R u+rwX {folder}"


def test_a_folder_that_cannot_be_written_is_told_in_one_line_with_the_command_that_mends_it(folder: Path) -> None:
    folder.chmod(0o555)

    said = as_the_service(folder)

    assert said.startswith(f"StoreUnusable: {folder}: cannot be written (no right to write): watcher runs as uid ")
    assert expected(folder).format(mode="555") in said
    assert "\n" not in said


def test_a_database_file_that_cannot_be_written_is_told_in_the_same_way(folder: Path) -> None:
    Store.open(f"sqlite:///{folder}/watcher.db", folder=folder).close()
    (folder / "watcher.db").chmod(0o444)
    folder.chmod(0o777)

    said = as_the_service(folder)

    assert said.startswith(f"StoreUnusable: {folder}/watcher.db: cannot be written (no right to write)")
    assert expected(folder).format(mode="444") in said


def test_lock_files_that_root_left_behind_are_told_in_the_same_way(folder: Path) -> None:
    Store.open(f"sqlite:///{folder}/watcher.db", folder=folder).close()
    (folder / "watcher.db").chmod(0o666)
    folder.chmod(0o777)
    for path in (folder / "locks").iterdir():
        path.unlink()
    (folder / "locks").chmod(0o555)

    said = as_the_service(folder)

    assert said.startswith(f"StoreUnusable: {folder}/locks/at-work.lock: cannot be written (Permission denied)")
    assert expected(folder).format(mode="555") in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own a folder that the test's user cannot write")
def test_a_folder_that_cannot_be_made_is_told_with_both_commands(folder: Path) -> None:
    said = as_the_service(folder / "new")

    assert f"sudo mkdir -p {folder}/new && sudo chown -R {SERVICE}:{SERVICE} {folder}/new" in said


def test_a_folder_that_can_be_written_is_opened(folder: Path) -> None:
    Store.open(f"sqlite:///{folder}/watcher.db", folder=folder).close()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)

    assert as_the_service(folder) == "opened"


def test_a_file_system_without_the_right_to_write_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(os.statvfs(tmp_path))
    found[8] |= os.ST_RDONLY  # no test may mount anything: this is what the system says of a read-only one
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result(found))

    error = access.refused(tmp_path / "watcher.db", OSError(30, "Read-only file system"), data=tmp_path)

    assert isinstance(error, StoreUnusable)
    assert "its file system is mounted read-only; mount it for writing" in str(error)


def test_a_full_disk_is_no_matter_of_rights(tmp_path: Path) -> None:
    error = access.refused(tmp_path / "watcher.db", OSError(28, "No space left on device"), data=tmp_path)

    assert type(error) is StoreError
    assert "cannot be written (No space left on device)" in str(error)


# --- network file systems

MOUNTINFO = r"""
21 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
40 21 0:35 / /home rw,relatime shared:20 master:3 - nfs4 filer.lab.example:/home rw,vers=4.2
41 40 259:2 / /home/local rw shared:21 - xfs /dev/nvme0n1p2 rw
42 21 0:36 / /mnt/lab\040share rw - cifs //filer.lab.example/share rw
43 21 0:37 / /mnt/c rw - 9p drvfs rw
44 21 0:38 / /srv/sshfs rw - fuse.sshfs pi@host:/ rw
45 21 0:39 / /srv/data rw - nfs filer.lab.example:/data rw
46 21 259:3 / /srv/data rw - ext4 /dev/sdb1 rw
47 21 0:40 / /var/tmp rw - tmpfs tmpfs rw
48 21 0:41 / /merged rw - fuse.mergerfs a:b rw
""".strip()


@pytest.mark.parametrize(
    ("path", "point", "kind", "is_network"),
    [
        ("/data/watcher.db", "/", "ext4", False),
        ("/home/lab/data/watcher.db", "/home", "nfs4", True),
        ("/home/local/data/watcher.db", "/home/local", "xfs", False),
        ("/homestead/watcher.db", "/", "ext4", False),
        ("/mnt/lab share/watcher.db", "/mnt/lab share", "cifs", True),
        ("/mnt/c/Users/lab/watcher.db", "/mnt/c", "9p", True),
        ("/srv/sshfs/watcher.db", "/srv/sshfs", "fuse.sshfs", True),
        ("/srv/data/watcher.db", "/srv/data", "ext4", False),
        ("/var/tmp/watcher.db", "/var/tmp", "tmpfs", False),
        ("/merged/watcher.db", "/merged", "fuse.mergerfs", False),
    ],
)
def test_the_file_system_of_a_path_is_read_off_the_mounts(path: str, point: str, kind: str, is_network: bool) -> None:
    found = mounts.mount_of(PurePosixPath(path), MOUNTINFO)

    assert found == mounts.Mount(PurePosixPath(point), kind)
    assert found.is_network is is_network


@pytest.mark.parametrize("text", ["", "nonsense", "21 1 259:1 / / rw shared:1 - ", "1 2 - ext4 x rw"])
def test_a_text_that_says_nothing_says_nothing(text: str) -> None:
    assert mounts.mount_of(PurePosixPath("/data/watcher.db"), text) is None


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the system say that the test's folder is a mount of this type."""

    def say(kind: str) -> None:
        (tmp_path / "mountinfo").write_text(f"21 1 0:1 / {tmp_path.resolve()} rw shared:1 - {kind} filer:/data rw\n")
        monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "mountinfo")

    return say


def test_who_keeps_the_database_on_a_network_file_system_is_warned(tmp_path: Path, mounted: Callable[[str], None]) -> None:
    mounted("nfs4")
    bench = Bench.at(tmp_path)

    (warning,) = Store.warnings_about(bench.url, folder=tmp_path)
    bench.store.close()

    assert warning.what.startswith(f"{tmp_path}/watcher.db lies on a network file system (nfs4 at {tmp_path})")


def test_who_keeps_it_on_a_local_disk_is_not(tmp_path: Path, mounted: Callable[[str], None]) -> None:
    mounted("ext4")
    bench = Bench.at(tmp_path)

    assert Store.warnings_about(bench.url, folder=tmp_path) == ()
    bench.store.close()


def test_a_system_that_tells_no_mounts_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "no such file")

    assert mounts.warning(tmp_path) is None
