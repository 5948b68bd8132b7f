"""How much memory the process keeps that it no longer uses, where the C library is glibc; elsewhere nothing here does anything.

See docs/decisions/0051.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Final, cast

LARGE_BLOCK: Final = 1 << 20
"""Blocks of so many bytes go back to the system when they are freed."""

_M_MMAP_THRESHOLD: Final = -3  # malloc.h
_M_ARENA_MAX: Final = -8


def give_blocks_back() -> None:
    """From now on give each large block back once it is freed. glibc raises the size that counts as large, up to 32 MB, whenever such
    a block is freed, and then keeps the room of those below it (mallopt(3), M_MMAP_THRESHOLD)."""
    if mallopt := _libc("mallopt"):
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def one_heap() -> None:
    """From now on have all threads take their memory from one place: else each thread keeps some of its own (mallopt(3), M_ARENA_MAX)."""
    if mallopt := _libc("mallopt"):
        mallopt(_M_ARENA_MAX, 1)


def hand_back() -> None:
    """Give the memory back that is free between what is in use (malloc_trim(3))."""
    if trim := _libc("malloc_trim"):
        trim(0)


def _libc(name: str) -> Callable[..., int] | None:
    return cast("Callable[..., int] | None", getattr(ctypes.CDLL(None), name, None)) if sys.platform == "linux" else None
