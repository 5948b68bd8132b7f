"""Whether a file lies on a network file system, where SQLite's write-ahead log and its locks do not hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from watcher.domain import Code, Warned

MOUNTS = Path("/proc/self/mountinfo")

_NETWORK = re.compile(
    r"nfs4?|cifs|smb[23]|smbfs|9p|ncpfs|afs|ceph|lustre|gpfs|glusterfs|beegfs|orangefs|gfs2|ocfs2|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|cephfs|davfs|rclone|s3fs|gcsfuse|smbnetfs)"
)


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, and of which type."""

    point: PurePosixPath
    kind: str

    @property
    def is_network(self) -> bool:
        """Whether other machines may use the same files."""
        return _NETWORK.fullmatch(self.kind) is not None


def mount_of(path: PurePosixPath, mountinfo: str) -> Mount | None:
    """The file system that holds an absolute path without symbolic links, or None when the text says nothing of it.

    `mountinfo` is /proc/self/mountinfo, as proc(5) describes it: the mount point is the fifth field, the type follows " - ".
    """
    found = None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if len(fields) < 5 or not rest[0]:
            continue
        point = PurePosixPath(_unescaped(fields[4]))
        if path.is_relative_to(point) and (
            found is None or point.is_relative_to(found.point)
        ):  # of two on one point the later counts
            found = Mount(point, rest[0])
    return found


def warning(path: Path) -> Warned | None:
    """What to tell who keeps an SQLite file there, or None. Systems without /proc are believed to be local."""
    try:
        mountinfo = MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = mount_of(PurePosixPath(path.resolve()), mountinfo)
    if found is None or not found.is_network:
        return None
    what = f"{path} lies on a network file system ({found.kind} at {found.point}), where SQLite can lose or damage what it keeps"
    return Warned(Code.DATABASE_PLACE, what, "move the data folder to a local disk, or set database.url to PostgreSQL")


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)
