"""What sample_books.xml says: a chapter, and a whole book."""

from datetime import date

from watcher.domain import AbstractSection, Article, Author, Journal, PartialDate, RecordId, pubmed_id

ARTICLES = (
    Article(
        record_id=pubmed_id(90000010),
        title="Congenital Sample Syndromes",
        title_markup="Congenital Sample Syndromes",
        abstract="Weakness, for example.",
        sections=(AbstractSection("CLINICAL CHARACTERISTICS", "", "Weakness, for example."),),
        authors=(Author("Chapter", "Carl", "C"),),
        editors=(Author("Editor", "Eve", "E"),),
        journal=Journal(title="Sample Reviews®", publisher="Sample University Press", country="Nowhere (WA)", isbn="9780000000002"),
        published=PartialDate("2026 Feb 12", 2026, 2, 12),
        languages=("eng",),
        publication_types=("Review", "Study Guide"),
        keywords=("Sample syndrome",),
        doi="10.0000/book.chapter.1",
        pub_status="ppublish",
        crdt=date(2026, 2, 14),
        edat=date(2026, 2, 13),
        mhda=date(2026, 2, 13),
        lr=date(2026, 2, 20),
        is_book=True,
        book_accession="NBK900010",
    ),
    Article(
        record_id=pubmed_id(90000011),
        title="A whole sample book about nothing",
        title_markup="A whole sample book about <i>nothing</i>",
        authors=(Author(collective="Sample Agency for Samples"),),
        journal=Journal(title="A whole sample book about nothing", publisher="Sample Agency"),
        volume="7",
        published=PartialDate("2025 Nov", 2025, 11),
        languages=("eng",),
        doi="10.0000/whole",
        is_book=True,
        book_accession="NBK900011",
    ),
)
DELETED: tuple[RecordId, ...] = ()
