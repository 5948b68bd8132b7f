"""The sample records are genuine XML, plainly invented, and hold every oddity that the parser must know."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import Bio.Entrez
import pytest
from lxml import etree

from standins.eutils import samples
from standins.eutils.samples import DEMO_START, DIGEST_DAYS, MARK, Fate, Kind, plan, planted, record_files, with_authors

MML = {"mml": "http://www.w3.org/1998/Math/MathML"}

FATES = {(fate.pmid, fate.version): fate for fate in plan()}
PLANTED = dict(zip(FATES, planted(), strict=True))
FORMS = {
    (pmid, version, number): etree.fromstring(xml)
    for (pmid, version), record in PLANTED.items()
    for number, xml in enumerate([record.xml, *(xml for _, xml in record.changes)])
}

ARTICLE, DATA, MESH = "MedlineCitation/Article", "PubmedData", "MedlineCitation/MeshHeadingList/MeshHeading"

ODDITIES = [
    ("structured abstract with NlmCategory", 2, f"{ARTICLE}/Abstract/AbstractText[@Label='RESULTS'][@NlmCategory='RESULTS']"),
    ("abstract part that NLM leaves unassigned", 11, f"{ARTICLE}/Abstract/AbstractText[@NlmCategory='UNASSIGNED']"),
    ("abstract in one piece", 1, f"count({ARTICLE}/Abstract/AbstractText[not(@Label)]) = 1"),
    ("italics in an abstract", 7, f"{ARTICLE}/Abstract/AbstractText/i"),
    ("subscript in an abstract", 53, f"{ARTICLE}/Abstract/AbstractText/sub"),
    ("superscript in an abstract", 53, f"{ARTICLE}/Abstract/AbstractText/sup"),
    ("bold in a title, after superscript", 10, f"{ARTICLE}/ArticleTitle[sup]/b"),
    ("underline in an abstract", 20, f"{ARTICLE}/Abstract/AbstractText/u"),
    ("title that begins with plain text and holds markup", 2, f"{ARTICLE}/ArticleTitle[sup][i]"),
    ("MathML in the text", 15, f"{ARTICLE}/Abstract/AbstractText/mml:math"),
    ("MathML on its own line", 15, f"{ARTICLE}/Abstract/AbstractText/DispFormula/mml:math"),
    ("less-than as text", 20, f"contains({ARTICLE}/Abstract/AbstractText, '<5%')"),
    ("text that looks like a tag", 20, f"contains({ARTICLE}/Abstract/AbstractText, '<m>')"),
    ("ampersand in a title", 20, f"contains({ARTICLE}/ArticleTitle, '&')"),
    ("Greek letters", 9, f"contains({ARTICLE}/ArticleTitle, 'α')"),
    ("combining characters", 57, f"contains({ARTICLE}/AuthorList/Author[1]/ForeName, 's\u030c')"),
    ("soft hyphen", 57, f"contains({ARTICLE}/Abstract/AbstractText, '\u00ad')"),
    ("no-break space", 57, f"contains({ARTICLE}/Abstract/AbstractText, '\u00a0')"),
    ("line break inside an abstract", 57, f"contains({ARTICLE}/Abstract/AbstractText, '\n')"),
    ("right-to-left abstract", 74, "MedlineCitation/OtherAbstract[@Language='per'][contains(., 'پیوندگاه')]"),
    ("Chinese abstract", 16, "MedlineCitation/OtherAbstract[@Type='Publisher'][@Language='chi']"),
    ("plain-language summary", 28, "MedlineCitation/OtherAbstract[@Type='plain-language-summary']"),
    ("markup in another abstract", 56, "MedlineCitation/OtherAbstract/AbstractText/i"),
    ("vernacular title beside a bracketed one", 23, f"{ARTICLE}[VernacularTitle][starts-with(ArticleTitle, '[')]"),
    ("right-to-left vernacular title", 74, f"{ARTICLE}/VernacularTitle"),
    ("title not available", 60, f"{ARTICLE}[ArticleTitle = '[Not Available].'][VernacularTitle][Language = 'fre']"),
    ("title of a thousand characters", 41, f"string-length({ARTICLE}/ArticleTitle) >= 1000"),
    ("people and a collective", 18, f"{ARTICLE}/AuthorList[Author/LastName]/Author/CollectiveName[@Investigators]"),
    ("investigators", 18, "MedlineCitation/InvestigatorList[@ID]/Investigator[4]"),
    ("a collective alone", 62, f"{ARTICLE}/AuthorList[not(Author/LastName)]/Author/CollectiveName"),
    ("a thousand authors", 27, f"count({ARTICLE}/AuthorList/Author) = 1000"),
    ("no authors", 76, f"{ARTICLE}[not(AuthorList)]"),
    ("one author", 79, f"count({ARTICLE}/AuthorList/Author) = 1"),
    ("incomplete author list", 80, f"{ARTICLE}/AuthorList[@CompleteYN='N']"),
    ("author marked invalid", 12, f"{ARTICLE}/AuthorList/Author[@ValidYN='N']"),
    ("equal contributors", 68, f"{ARTICLE}/AuthorList/Author[@EqualContrib='Y'][2]"),
    ("suffix of a name", 15, f"{ARTICLE}/AuthorList/Author/Suffix"),
    ("several affiliations", 12, f"{ARTICLE}/AuthorList/Author/AffiliationInfo[3]"),
    ("identified affiliation", 12, f"{ARTICLE}/AuthorList/Author/AffiliationInfo/Identifier[@Source='ROR']"),
    ("bare ORCID", 10, f"{ARTICLE}/AuthorList/Author/Identifier[. = '0000-0000-9900-0019']"),
    ("ORCID as URL", 10, f"{ARTICLE}/AuthorList/Author/Identifier[starts-with(., 'https://orcid.org/')]"),
    ("ORCID without hyphens", 10, f"{ARTICLE}/AuthorList/Author/Identifier[. = '0000000099000043']"),
    ("no abstract", 22, f"{ARTICLE}[not(Abstract)]"),
    ("neither authors nor abstract", 49, f"{ARTICLE}[not(Abstract)][not(AuthorList)]"),
    ("abstract of one or two lines", 76, f"string-length({ARTICLE}/Abstract/AbstractText) < 150"),
    ("date of a year and no more", 7, f"{ARTICLE}/Journal/JournalIssue/PubDate[Year][not(Month)][not(Season)]"),
    ("season", 6, f"{ARTICLE}/Journal/JournalIssue/PubDate[Season = 'Spring']"),
    ("MedlineDate across the years", 5, f"{ARTICLE}/Journal/JournalIssue/PubDate[MedlineDate = '2025 Dec-2026 Jan']"),
    ("MedlineDate of months", 60, f"{ARTICLE}/Journal/JournalIssue/PubDate[MedlineDate = '2026 Jul-Aug']"),
    ("future publication date", 73, f"{ARTICLE}[Journal/JournalIssue/PubDate/Year = 2027]/ArticleDate[Year = 2026]"),
    ("electronic date", 1, f"{ARTICLE}/ArticleDate[@DateType='Electronic']"),
    ("no electronic date", 5, f"{ARTICLE}[@PubModel='Print'][not(ArticleDate)]"),
    ("electronic collection", 7, f"{ARTICLE}[@PubModel='Electronic-eCollection']"),
    ("ahead of print", 45, f"{DATA}[PublicationStatus = 'aheadofprint']"),
    ("invalid DOI beside a valid one", 43, f"{ARTICLE}[ELocationID[@ValidYN='N']]/ELocationID[@EIdType='doi'][@ValidYN='Y']"),
    ("pii with brackets", 10, f"{ARTICLE}/ELocationID[@EIdType='pii'][contains(., '(26)')]"),
    ("no DOI", 80, f"self::*[not(.//*[@EIdType='doi'])]/{DATA}/ArticleIdList[not(ArticleId[@IdType='doi'])]"),
    ("ids of cited papers", 44, f"{DATA}/ReferenceList/Reference/ArticleIdList/ArticleId[@IdType='doi']"),
    ("nested reference lists", 44, f"{DATA}/ReferenceList[Title]/ReferenceList/Reference"),
    ("reference without ids", 15, f"{DATA}/ReferenceList/Reference[not(ArticleIdList)]"),
    ("free full text", 10, f"{DATA}/ArticleIdList/ArticleId[@IdType='pmc'][starts-with(., 'PMC99')]"),
    ("day of release in PMC", 16, f"{DATA}/History/PubMedPubDate[@PubStatus='pmc-release']"),
    ("history of submission", 1, f"{DATA}/History[PubMedPubDate[@PubStatus='received']]/PubMedPubDate[@PubStatus='accepted']"),
    ("pagination by MedlinePgn, shortened", 1, f"{ARTICLE}/Pagination[StartPage = '411'][EndPage = '429'][MedlinePgn = '411-29']"),
    ("article number as pages", 26, f"{ARTICLE}/Pagination[not(StartPage)]/MedlinePgn"),
    ("genes", 68, "MedlineCitation/GeneSymbolList/GeneSymbol[3]"),
    ("substances", 53, "MedlineCitation/ChemicalList/Chemical[2]/NameOfSubstance[@UI]"),
    ("supplementary concepts", 11, "MedlineCitation/SupplMeshList[SupplMeshName[@Type='Disease']]/SupplMeshName[@Type='Protocol']"),
    ("heading with qualifiers, one starred", 1, f"{MESH}[QualifierName[2]]/QualifierName[@MajorTopicYN='Y']"),
    ("starred heading", 1, f"{MESH}/DescriptorName[@MajorTopicYN='Y']"),
    ("headings set by machine", 3, "MedlineCitation[@IndexingMethod='Automated']/MeshHeadingList/MeshHeading/DescriptorName[@AutoHM='Y']"),
    ("keywords with markup", 15, "MedlineCitation/KeywordList/Keyword/sub"),
    ("two lists of keywords", 29, "MedlineCitation[KeywordList[@Owner='NLM']]/KeywordList[@Owner='NOTNLM']/Keyword[@MajorTopicYN='Y']"),
    ("statement of interests with markup", 12, "MedlineCitation/CoiStatement/i"),
    ("grants", 1, f"{ARTICLE}/GrantList/Grant[GrantID][Country]"),
    ("grant without a number", 10, f"{ARTICLE}/GrantList/Grant[not(GrantID)]/Agency"),
    ("data banks", 28, f"{ARTICLE}/DataBankList/DataBank[DataBankName = 'ClinicalTrials.gov']"),
    ("subject of a biography", 6, "MedlineCitation/PersonalNameSubjectList/PersonalNameSubject"),
    ("space flight", 76, "MedlineCitation/SpaceFlightMission"),
    ("other id", 6, "MedlineCitation/OtherID"),
    ("objects", 7, f"{DATA}/ObjectList/Object/Param"),
    ("two languages", 74, f"{ARTICLE}[Language = 'per']/Language[. = 'eng']"),
    ("German", 23, f"{ARTICLE}[Language = 'ger']"),
    ("Spanish", 56, f"{ARTICLE}[Language = 'spa']"),
    ("journal without abbreviation", 79, f"{ARTICLE}/Journal[Title][not(ISOAbbreviation)]"),
    ("journal without a title", 80, f"{ARTICLE}/Journal[not(Title)][not(ISOAbbreviation)][not(ISSN)]"),
    ("preprint", 32, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Preprint']"),
    ("published form of a preprint", 64, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections[@RefType='UpdateOf'][PMID = '99000032']"),
    ("erratum notice", 48, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Published Erratum']"),
    ("retraction notice", 65, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Retraction of Publication']"),
    ("expression of concern", 49, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Expression of Concern']"),
    ("editorial", 35, f"{ARTICLE}/PublicationTypeList[PublicationType = 'Comment']/PublicationType[. = 'Editorial']"),
    ("comment", 50, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Comment']"),
    ("many kinds of relation", 67, "count(MedlineCitation/CommentsCorrectionsList/CommentsCorrections) >= 8"),
    ("relation without a pmid", 67, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections[@RefType='SummaryForPatientsIn'][not(PMID)]"),
    ("relation with a note", 67, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections/Note"),
    ("citation among the relations", 67, "MedlineCitation/CommentsCorrectionsList/CommentsCorrections[@RefType='Cites']/PMID"),
    ("chapter of a book", 47, "self::PubmedBookArticle/BookDocument/Book/BookTitle"),
    ("editors of a book", 47, "BookDocument/Book/AuthorList[@Type='editors']/Author"),
    ("sections of a book", 47, "BookDocument/Sections/Section/Section/SectionTitle"),
    ("labels without a category", 47, "BookDocument/Abstract/AbstractText[@Label][not(@NlmCategory)]"),
]  # fmt: skip

LATER_ODDITIES = [
    ("late headings", 9, 1, "MedlineCitation[@Status='MEDLINE']/MeshHeadingList/MeshHeading[DescriptorName = 'Neuromuscular Junction']"),
    ("expression of concern in", 14, 1, "MedlineCitation//CommentsCorrections[@RefType='ExpressionOfConcernIn'][PMID = '99000049']"),
    ("erratum in", 17, 1, "MedlineCitation//CommentsCorrections[@RefType='ErratumIn'][PMID = '99000048']"),
    ("retracted", 24, 1, f"{ARTICLE}/PublicationTypeList/PublicationType[. = 'Retracted Publication']"),
    ("retraction in", 24, 1, "MedlineCitation//CommentsCorrections[@RefType='RetractionIn'][PMID = '99000065']"),
    ("day of the retraction", 24, 1, f"{DATA}/History/PubMedPubDate[@PubStatus='retracted']"),
    ("comment in", 28, 1, "MedlineCitation//CommentsCorrections[@RefType='CommentIn'][PMID = '99000050']"),
    ("update in", 32, 1, "MedlineCitation//CommentsCorrections[@RefType='UpdateIn'][PMID = '99000064']"),
    ("in print at last", 34, 1, f"self::*[{ARTICLE}/Pagination]/{DATA}[PublicationStatus = 'ppublish']"),
    ("abstract that comes late", 81, 1, f"{ARTICLE}/Abstract/AbstractText"),
    ("second version", 21, 0, "MedlineCitation[@VersionID='2']/PMID[@Version='2']"),
]  # fmt: skip


def record(number: int, *, version: int = 1, form: int = 0) -> etree._Element:
    return FORMS[99000000 + number, version, form]


def text(element: etree._Element, *tags: str) -> str:
    return "".join(str(part) for part in element.itertext(*tags))


def pmids(element: etree._Element, *paths: str) -> set[int]:
    return {int(found.text or "") for path in paths for found in element.iterfind(path)}


def history(element: etree._Element, status: str) -> date:
    (found,) = element.iterfind(f"*/History/PubMedPubDate[@PubStatus='{status}']")
    return day(found)


def day(element: etree._Element) -> date:
    return date(*(int(element.findtext(part) or "") for part in ("Year", "Month", "Day")))


def revised(element: etree._Element) -> date:
    (found,) = element.iterfind("*/DateRevised")
    return day(found)


def fate(number: int, version: int = 1) -> Fate:
    return FATES[99000000 + number, version]


@pytest.fixture(scope="module")
def dtd() -> etree.DTD:
    return etree.DTD(str(Path(Bio.Entrez.__file__).parent / "DTDs" / "pubmed_250101.dtd"))


@pytest.mark.parametrize("file", record_files(), ids=lambda file: file.name)
def test_each_file_is_a_valid_set_that_says_it_is_invented(file: Path, dtd: etree.DTD) -> None:
    content = file.read_bytes()

    valid = dtd.validate(etree.fromstring(content))

    assert valid, str(dtd.error_log)
    assert b"<!-- SAMPLE RECORDS, INVENTED" in content.partition(b"<PubmedArticleSet>")[0]


def test_each_planted_form_is_valid_alone(dtd: etree.DTD) -> None:
    invalid = {key for key, element in FORMS.items() if not dtd.validate(element)}

    assert not invalid


def test_each_record_is_marked_as_a_sample() -> None:
    unmarked = {key for key, element in FORMS.items() if MARK not in text(element, "GeneralNote", "CopyrightInformation")}

    assert not unmarked


def test_there_are_more_than_sixty_records_in_a_range_that_pubmed_does_not_use() -> None:
    pmids = {pmid for pmid, _ in FATES}

    assert len(pmids) >= 64
    assert pmids == set(range(99000001, 99000001 + len(pmids)))


def test_each_record_carries_the_pmid_and_version_that_the_plan_gives() -> None:
    carried = {
        key: (int(pmid.text or ""), int(pmid.get("Version", ""))) for key, e in FORMS.items() for pmid in e.iterfind("*/PMID")
    }

    assert carried == {key: key[:2] for key in FORMS}


def test_the_plan_names_every_form_of_every_file() -> None:
    own = re.compile(rb"<(?:MedlineCitation|BookDocument)[^>]*>\s*<PMID[^>]*>(\d+)")

    stored = Counter(int(pmid) for file in record_files() for pmid in own.findall(file.read_bytes()))

    assert stored == Counter(pmid for pmid, _, _ in FORMS)


@pytest.mark.parametrize(("oddity", "number", "path"), ODDITIES, ids=[name for name, *_ in ODDITIES])
def test_the_oddity_is_there(oddity: str, number: int, path: str) -> None:
    found = record(number).xpath(path, namespaces=MML)

    assert found, f"{oddity} is missing from PMID {99000000 + number}"


@pytest.mark.parametrize(("oddity", "number", "form", "path"), LATER_ODDITIES, ids=[name for name, *_ in LATER_ODDITIES])
def test_the_later_form_has_what_the_first_lacks(oddity: str, number: int, form: int, path: str) -> None:
    later = record(number, version=1 if form else 2, form=form)

    found = later.xpath(path)

    assert found, f"{oddity} is missing from the later form of PMID {99000000 + number}"
    assert not record(number).xpath(path)


def test_titles_and_abstracts_are_of_very_different_length() -> None:
    abstracts = [found for element in FORMS.values() for found in element.iterfind(f"{ARTICLE}/Abstract")]

    texts = [" ".join(text(part) for part in found.iterfind("AbstractText")) for found in abstracts]

    assert min(map(len, texts)) < 150
    assert max(map(len, texts)) > 2000


def test_no_text_begins_or_ends_with_a_space() -> None:
    tags = ("ArticleTitle", "AbstractText", "Keyword", "VernacularTitle")
    texts = [text(found) for element in FORMS.values() for found in element.iter(*tags)]

    untidy = [whole for whole in texts if whole != whole.strip()]

    assert not untidy


def test_combining_characters_are_not_already_composed() -> None:
    name = record(57).findtext(f"{ARTICLE}/AuthorList/Author/LastName") or ""

    assert name != unicodedata.normalize("NFC", name)


def test_every_doi_is_under_the_test_prefix_and_belongs_to_one_record() -> None:
    path = f"{DATA}/ArticleIdList/ArticleId[@IdType='doi']"
    own = {(pmid, version, text(found)) for (pmid, version, _), element in FORMS.items() for found in element.iterfind(path)}
    everywhere = {
        text(found)
        for element in FORMS.values()
        for kind in ("EIdType", "IdType")
        for found in element.iterfind(f".//*[@{kind}='doi']")
    }

    assert all(doi.startswith("10.5555/") for doi in everywhere)
    assert len({doi for *_, doi in own}) == len(own)


def test_relations_lead_to_samples_or_to_pmids_that_nobody_has() -> None:
    paths = (".//CommentsCorrections/PMID", ".//Reference//ArticleId[@IdType='pubmed']")
    strangers = set.union(*(pmids(element, *paths) for element in FORMS.values())) - {pmid for pmid, _ in FATES}

    assert strangers
    assert all(98000000 < pmid < 98001000 for pmid in strangers)


@pytest.mark.parametrize(
    ("forth", "back"),
    [
        ("UpdateIn", "UpdateOf"),
        ("ErratumIn", "ErratumFor"),
        ("RetractionIn", "RetractionOf"),
        ("ExpressionOfConcernIn", "ExpressionOfConcernFor"),
        ("CommentIn", "CommentOn"),
    ],
)
def test_relations_between_samples_are_told_both_ways(forth: str, back: str) -> None:
    def pairs(kind: str) -> set[tuple[int, int]]:
        path = f".//CommentsCorrections[@RefType='{kind}']/PMID"
        return {(pmid, other) for (pmid, _, _), element in FORMS.items() for other in pmids(element, path)}

    assert pairs(forth)
    assert pairs(forth) == {(one, other) for other, one in pairs(back)}


def test_a_record_appears_on_the_day_of_its_creation_but_for_the_late_ones() -> None:
    apart = {
        (pmid, version): fate.appears - history(FORMS[pmid, version, 0], "entrez")
        for (pmid, version), fate in FATES.items()
        if fate.appears != history(FORMS[pmid, version, 0], "entrez")
    }

    assert apart == {(99000045, 1): timedelta(days=8), (99000021, 2): timedelta(days=23)}


def test_no_record_tells_of_a_day_after_the_one_it_is_read_on() -> None:
    early = {
        (pmid, version, number): since
        for (pmid, version), planted in PLANTED.items()
        for number, since in enumerate([planted.appears_at, *(day for day, _ in planted.changes)])
        if since and any(day(stamp) > since for stamp in FORMS[pmid, version, number].iterfind("*/History/PubMedPubDate"))
        and FATES[pmid, version].part != "baseline"
    }  # fmt: skip

    assert not early


def test_a_change_is_in_force_from_the_day_it_was_revised() -> None:
    days = {
        (pmid, version, number): (since, revised(FORMS[pmid, version, number]))
        for (pmid, version), planted in PLANTED.items()
        for number, (since, _) in enumerate(planted.changes, start=1)
    }

    assert len(days) >= 7
    assert all(since == stamp for since, stamp in days.values())


def test_the_parts_of_the_plan_are_the_weeks_they_say() -> None:
    days = (date.min, DEMO_START - timedelta(days=30), DEMO_START, *DIGEST_DAYS)
    spans = dict(zip(("baseline", "backlog", "week1", "week2", "week3"), pairwise(days), strict=True))

    astray = [fate for fate in plan() if not spans[fate.part][0] <= fate.appears < spans[fate.part][1]]

    assert not astray


@pytest.mark.parametrize(
    ("part", "least", "most"), [("baseline", 6, 9), ("backlog", 18, 24), ("week1", 10, 16), ("week2", 10, 18), ("week3", 10, 18)]
)
def test_each_week_brings_a_readable_number_of_papers_and_some_noise(part: str, least: int, most: int) -> None:
    kinds = Counter(fate.kind for fate in plan() if fate.part == part)

    assert least <= kinds[Kind.TOPIC] + kinds[Kind.NOISE] <= most
    assert kinds[Kind.NOISE] >= 2
    assert kinds[Kind.NONE] >= 1


def test_headings_that_come_late_bring_a_date_of_their_own() -> None:
    before, after = record(9), record(9, form=1)

    assert before.find("MedlineCitation/MeshHeadingList") is None
    assert history(before, "medline") == history(before, "pubmed")
    assert history(after, "medline") == fate(9).changes[0]


def test_an_entry_date_set_back_lies_years_before_the_creation_date() -> None:
    late = record(38)

    assert history(late, "entrez") == fate(38).appears
    assert history(late, "pubmed") < history(late, "entrez") - timedelta(days=700)


def test_a_record_is_listed_a_digest_before_it_can_be_fetched() -> None:
    late = fate(51)

    assert late.fetchable == PLANTED[99000051, 1].fetchable_at
    assert late.fetchable
    assert late.appears < DIGEST_DAYS[1] <= late.fetchable


def test_the_record_that_vanishes_is_deleted_in_the_file_of_changes() -> None:
    (changes,) = (file for file in record_files() if file.name == "changes.xml")

    deleted = [int(pmid.text or "") for pmid in etree.fromstring(changes.read_bytes()).iterfind("DeleteCitation/PMID")]

    assert deleted == [pmid for (pmid, _), record in PLANTED.items() if record.vanishes_at]


def test_authors_are_filled_up_without_moving_the_last_or_repeating_a_name() -> None:
    few = (
        b"<PubmedArticle><MedlineCitation><Article><AuthorList>"
        b"<Author><LastName>One</LastName></Author><Author><LastName>Two</LastName></Author>"
        b"</AuthorList></Article></MedlineCitation></PubmedArticle>"
    )

    names = [name.text for name in etree.fromstring(with_authors(few, 1000)).iter("LastName")]

    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[-1]) == ("One", "Two")


def test_a_list_that_is_long_enough_is_left_alone() -> None:
    xml = PLANTED[99000010, 1].xml

    assert len(etree.fromstring(with_authors(xml, 2)).findall(f"{ARTICLE}/AuthorList/Author")) == 4


def test_reading_the_samples_twice_gives_the_same() -> None:
    assert samples.planted() == tuple(PLANTED.values())
