"""What sample_article.xml says: one record that has everything."""

from datetime import date

from watcher.domain import (
    AbstractSection,
    Article,
    Author,
    Heading,
    Journal,
    OtherAbstract,
    PartialDate,
    Qualifier,
    RecordId,
    Relation,
    pubmed_id,
)

ARTICLES = (
    Article(
        record_id=pubmed_id(90000001),
        version=2,
        title="Sample: Agrn+/- mice, Ca2 & endplates when p < 0.05 (η2).",
        title_markup=("Sample: <i>Agrn</i><sup>+/-</sup> mice, Ca<sub>2</sub> &amp; endplates when <i>p</i> &lt; 0.05 (η2)."),
        vernacular_title="Probe: Agrn.",
        abstract="To sample the neuromuscular junction. Width was 3 µm, p < 0.001 (n = 12). Nothing here is real.",
        sections=(
            AbstractSection("AIMS", "OBJECTIVE", "To sample the neuromuscular junction."),
            AbstractSection("RESULTS", "RESULTS", "Width was 3 µm, p < 0.001 (n = 12)."),
            AbstractSection("", "", "Nothing here is real."),
        ),
        other_abstracts=(
            OtherAbstract("plain-language-summary", "eng", "In plain words: a sample."),
            OtherAbstract("Publisher", "ger", "Eine Probe. Keines."),
        ),
        authors=(
            Author(
                "Sample",
                "Jane A",
                "JA",
                "Jr",
                orcid="0000-0002-1825-009X",
                affiliations=("Institute of Samples, Nowhere.", "Second Institute, Elsewhere."),
            ),
            Author("Mononym"),
            Author(collective="Sample Consortium, the NMJ Group"),
        ),
        authors_complete=False,
        journal=Journal(
            title="Sample journal of synapses & muscle",
            abbreviation="Sample J Synapses Muscle",
            issn="0000-0019",
            issn_kind="Electronic",
            nlm_id="00000001",
            country="England",
        ),
        volume="12",
        issue="3 Suppl",
        pages="187-94",
        published=PartialDate("2026 Jan 5", 2026, 1, 5),
        electronic=PartialDate("2025 Dec 24", 2025, 12, 24),
        languages=("eng", "ger"),
        publication_types=("Journal Article", "Retracted Publication"),
        headings=(
            Heading("Neuromuscular Junction", "D009469", major=True),
            Heading(
                "Receptors, Nicotinic",
                "D011978",
                major=False,
                qualifiers=(Qualifier("genetics", "Q000235", major=True), Qualifier("metabolism", "Q000378", major=False)),
            ),
        ),
        supplementary=("Myasthenic Sample Syndrome, 1",),
        substances=("Agrin", "Receptors, Nicotinic"),
        keywords=("agrin", "Agrn gene", "endplate"),
        doi="10.0000/Sample.2026.1",
        pmcid="PMC90000001",
        pii="S0000-0019(26)00001-2",
        status="MEDLINE",
        pub_model="Print-Electronic",
        pub_status="ppublish",
        crdt=date(2025, 12, 25),
        edat=date(2025, 12, 26),
        mhda=date(2026, 3, 2),
        lr=date(2026, 3, 9),
        relations=(
            Relation("RetractionIn", pubmed_id(90000002), "Sample J. 2026;12:200"),
            Relation("UpdateOf", None, "bioSample. 2025 May 1. doi: 10.0000/pre.1"),
        ),
    ),
)
DELETED: tuple[RecordId, ...] = ()
