"""Joins what files and followed collections of Zotero give: the seeds of a watch, and what is kept of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.store import ZoteroItemFacts

if TYPE_CHECKING:
    from watcher.config import Settings
    from watcher.domain import Article, Watch
    from watcher.seeds import Examples
    from watcher.store import Store
    from watcher.zotero.answers import ZoteroItem


def followed(watch: Watch, store: Store) -> Examples:
    """The seeds that the collections of a watch give, as they were last read, and what of them was passed over."""
    from watcher.seeds import Examples  # noqa: PLC0415 - readers of two dozen formats: most commands read no seeds
    from watcher.seeds.zotero import read_items  # noqa: PLC0415 - as above

    found = [read_items(store.zotero.papers(source), source.path) for source in watch.seeds_from]
    seeds = tuple(seed for one in found for seed in one.seeds)
    return Examples(seeds, tuple(problem for one in found for problem in one.passed_over))


def with_followed(settings: Settings, watch: Watch, store: Store, files: Examples) -> Examples:
    """The seeds of a watch's files with those of its collections, each paper once.

    Raises:
        SeedError: there are none, since a collection was not read yet or holds no paper.
    """
    from watcher.flows.search.following import require  # noqa: PLC0415 - as above
    from watcher.seeds import together  # noqa: PLC0415 - as above

    joined = together([files, followed(watch, store)], root=settings.home / "seeds")
    return require(watch, joined, store)


def kept(one: ZoteroItem) -> ZoteroItemFacts:
    """What is kept of an item: all that a seed needs, and its identifiers."""
    from watcher.seeds.zotero import identifiers, is_paper, item, title_key  # noqa: PLC0415 - as above

    of = identifiers(one.data)
    says_something = one.data.get("itemType") not in ("note", "annotation")
    return ZoteroItemFacts(
        key=one.key,
        version=one.version,
        is_paper=is_paper(one.data),
        body=item(one.data) if says_something else None,
        pmid=of.pmid,
        doi=of.doi.lower() if of.doi else None,
        pmcid=of.pmcid,
        title_key=title_key(one.data, one.parsed_date) if is_paper(one.data) else "",
    )


def article_key(article: Article) -> str:
    """What an article shares with an item of it that has no identifier."""
    from watcher.seeds.zotero import title_key  # noqa: PLC0415 - as above

    year = article.published.year or article.electronic.year
    return title_key({"title": article.display_title, "date": str(year or "")})
