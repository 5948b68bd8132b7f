"""What sample_update.xml says: two versions, a record without a title, one without anything, and two deletions."""

from watcher.domain import Article, Journal, PartialDate, Relation, pubmed_id

ARTICLES = (
    Article(
        record_id=pubmed_id(90000020),
        version=2,
        title="A preprint, second version.",
        title_markup="A preprint, second version.",
        journal=Journal(title="bioSample : a preprint server", abbreviation="bioSample", issn="0000-0035", issn_kind="Linking"),
        published=PartialDate("2025 Dec-2026 Jan", 2025, 12),
        languages=("eng",),
        publication_types=("Preprint",),
        doi="10.0000/pre.1",
        status="PubMed-not-MEDLINE",
        pub_model="Electronic",
        pub_status="epublish",
        relations=(Relation("UpdateIn", pubmed_id(90000001), "Sample J. 2026"),),
    ),
    Article(
        record_id=pubmed_id(90000020),
        version=1,
        title="A preprint, first version.",
        title_markup="A preprint, first version.",
        published=PartialDate("2025 Winter", 2025, 1),
        status="PubMed-not-MEDLINE",
        pub_model="Electronic",
    ),
    Article(
        record_id=pubmed_id(90000021),
        title="[Not Available].",
        title_markup="Prøve uten <i>tittel</i> &amp; sammendrag.",
        vernacular_title="Prøve uten tittel & sammendrag.",
        published=PartialDate("2017", 2017),
        languages=("nor",),
        status="Publisher",
        pub_model="Print",
    ),
    Article(record_id=pubmed_id(90000022), title_markup="[Title not available]", status="Publisher"),
)
DELETED = (pubmed_id(90000023), pubmed_id(90000024))
