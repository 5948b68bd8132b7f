"""Papers as pages show them: cleaned, worded, linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.exceptions import HTTPException

from watcher.digest import clean, links
from watcher.digest.chips import chips
from watcher.digest.conclusion import conclusion
from watcher.digest.wording import byline, published
from watcher.domain import HIGHEST_PMID, Article, RecordId

TITLE_SHOWN = 400
_BYLINE, _JOURNAL, _PUBLISHED, _CHIP = 120, 80, 40, 40


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper in a list of a page. `source` is who, where and when."""

    record_id: RecordId
    title: Markup
    plain_title: str
    source: str
    chips: tuple[str, ...]
    conclusion: str
    address: str

    @property
    def path(self) -> str:
        """Its own page."""
        return f"/papers/{self.record_id}"


def shown(article: Article) -> ListedPaper:
    """A paper with what a reader tells it by."""
    parts = (
        clean.clip(clean.plain(byline(article.authors, complete=article.authors_complete)), _BYLINE),
        clean.clip(clean.plain(article.journal.display), _JOURNAL),
        clean.clip(clean.plain(published(article.published) or published(article.electronic)), _PUBLISHED),
    )
    return ListedPaper(
        record_id=article.record_id,
        title=clean.title_markup(article, TITLE_SHOWN),
        plain_title=clean.clip(clean.title(article), TITLE_SHOWN),
        source=" · ".join(filter(None, parts)),
        chips=tuple(clean.clip(clean.plain(chip), _CHIP) for chip in chips(article)),
        conclusion=links.addressed(conclusion(article)),
        address=links.page(article.record_id),
    )


def all_shown(articles: Mapping[RecordId, Article], record_ids: Iterable[RecordId]) -> dict[RecordId, ListedPaper]:
    """Those of the papers whose text is stored."""
    return {record_id: shown(articles[record_id]) for record_id in record_ids if record_id in articles}


def named_by(text: str) -> RecordId:
    """The paper that a part of an address names, stored or not. Raises HTTPException: it is no number of a paper."""
    try:
        found = RecordId.read(int(text) if text.isascii() and text.isdecimal() else text) if len(text) < 30 else None
    except ValueError:
        found = None
    if found is None or not links.has_page(found) or not 0 < found.id <= HIGHEST_PMID:
        raise HTTPException(404, f"{text[:30]!r} is no number of a paper")
    return found
