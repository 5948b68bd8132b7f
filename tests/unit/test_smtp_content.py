"""A mail's content goes out as RFC 5321, 4.5.2, has it: read back by the rule for receivers it is what it was."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from watcher.notify import smtp

LINES = st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"a longer line of words . . .", b"x" * 40]), max_size=12)


def received(sent: bytes) -> bytes:
    """What a server makes of what comes after DATA: up to the line with a dot alone, one dot less where a line begins with one."""
    lines = sent.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:-2])


@given(LINES, st.integers(1, 50))
@example([b"."], 1)
@example([b"x", b".", b"", b"."], 2)
def test_content_in_pieces_of_any_size_is_read_back_as_it_was(lines: list[bytes], size: int) -> None:
    mail = b"".join(line + b"\r\n" for line in lines)

    assert received(b"".join(smtp.stuffed(mail, size))) == (mail or b"\r\n")


def test_a_piece_is_about_as_large_as_it_is_to_be() -> None:
    pieces = list(smtp.stuffed(b"line\r\n" * 1_000, 100))

    assert all(len(piece) <= 106 for piece in pieces)
    assert len(pieces) > 50
