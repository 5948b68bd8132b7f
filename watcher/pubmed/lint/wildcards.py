"""Wildcards that PubMed does not expand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.domain import Code
from watcher.pubmed.lint.tokens import Token, operands
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def wildcards(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """PubMed wants four letters before the first *, and none of them inside a proximity search."""
    for run, tag in operands(tokens):
        words = [token for token in run if not token.text.startswith("/*") and not token.text.endswith("*/")]
        text = " ".join(token.text.strip('"') for token in words)
        if "*" not in text:
            continue
        start = next(token.start for token in words if "*" in token.text)
        if tag is not None and "~" in tag.text:
            yield UnplacedFlaw(
                start,
                Code.QUERY_WILDCARD,
                "a wildcard inside a proximity search is not expanded",
                "write the forms out, one search each, joined by OR",
                text,
            )
        elif len(re.sub(r"\W", "", text.partition("*")[0])) < 4:
            yield UnplacedFlaw(
                start,
                Code.QUERY_WILDCARD,
                f"fewer than four letters before * in {text}",
                "write at least four, or the forms themselves",
                text,
            )
