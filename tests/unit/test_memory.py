"""What the process no longer uses goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to give memory back")

RESIDENT = """
from watcher import memory
def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
"""


def said(script: str) -> float:
    done = subprocess.run([sys.executable, "-c", RESIDENT + script], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return float(done.stdout)


def test_large_blocks_go_back_when_they_are_freed_whatever_was_freed_before() -> None:
    kept = said("""
memory.give_blocks_back()
before = megabytes()
for size in (30, 25, 20, 15):
    block = bytes([1]) * (size << 20)
    below = bytes([1]) * (10 << 20)
    del block
print(megabytes() - before - 10)
""")

    assert kept < 10


def test_what_lies_free_between_small_blocks_goes_back_when_it_is_asked_for() -> None:
    kept, left = (
        said(f"""
before = megabytes()
blocks = [bytes(50_000) + bytes([number % 256]) for number in range(1_000)]
del blocks[::2], blocks[:-1:7], blocks[:-1]
{then}
print(megabytes() - before)
""")
        for then in ("pass", "memory.hand_back()")
    )

    assert left < max(kept, 10)
