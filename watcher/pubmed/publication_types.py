"""The publication types that PubMed gives its records.

From PubMed's help (https://pubmed.ncbi.nlm.nih.gov/help/#publication-types) and MeSH's branch V, Publication Characteristics, of 2021 to
2026, with names that MeSH has changed since: older copies of records bear them. MeSH gains one or two in a year.
"""

from __future__ import annotations

_NEAR_ENOUGH = 65
"""rapidfuzz ratio, 0 to 100, from which a type is worth proposing."""

_TYPES = """
Abstracts|Academic Dissertation|Adaptive Clinical Trial|Address|Almanac|Annual Report|Architectural Drawing|Atlas|Autobiography
Bibliography|Biography|Blog|Book Illustrations|Book Review|Bookplate|Broadside|Caricature|Cartoon|Case Reports|Catalog|Chart|Chronology
Classical Article|Clinical Conference|Clinical Study|Clinical Trial|Clinical Trial Protocol|Clinical Trial, Phase I
Clinical Trial, Phase II|Clinical Trial, Phase III|Clinical Trial, Phase IV|Clinical Trial, Veterinary|Collected Correspondence
Collected Work|Collected Works|Collection|Comment|Comparative Study|Congress|Consensus Development Conference
Consensus Development Conference, NIH|Consensus Statement|Controlled Clinical Trial|Cookbook|Corrected and Republished Article|Database
Dataset|Diary|Dictionary|Directory|Drawing|Duplicate Publication|Editorial|Electronic Supplementary Materials|Encyclopedia
English Abstract|Ephemera|Equivalence Trial|Essay|Eulogy|Evaluation Studies|Evaluation Study|Examination Questions|Exhibition
Expression of Concern|Festschrift|Fictional Work|Form|Formulary|Funeral Sermon|Government Document|Government Publication|Graphic Novel
Guidebook|Guideline|Handbook|Herbal|Historical Article|Incunabula|Index|Instructional Film and Video|Interactive Tutorial|Interview
Introductory Journal Article|Journal Article|Juvenile Literature|Laboratory Manual|Lecture|Lecture Note|Legal Case|Legislation|Letter
Manuscript|Map|Meeting Abstract|Meta-Analysis|Monograph|Multicenter Study|Network Meta-Analysis|News|Newspaper Article
Nurses Instruction|Observational Study|Observational Study, Veterinary|Outline|Overall|Patent|Patient Education Handout|Periodical
Periodical Index|Personal Narrative|Personal Narratives|Pharmacopoeia|Photograph|Phrases|Pictorial Work|Poetry|Popular Work|Portrait
Portraits|Poster|Practice Guideline|Pragmatic Clinical Trial|Preprint|Price List|Problems and Exercises|Program|Programmed Instruction
Prospectus|Public Service Announcement|Publication Components|Publication Formats|Published Erratum|Randomized Controlled Trial
Randomized Controlled Trial, Veterinary|Research Support, American Recovery and Reinvestment Act|Research Support, N.I.H., Extramural
Research Support, N.I.H., Intramural|Research Support, Non-U.S. Gov't|Research Support, U.S. Gov't|Research Support, U.S. Gov't, Non-P.H.S.
Research Support, U.S. Gov't, P.H.S.|Resource Guide|Retracted Publication|Retraction Notice|Retraction of Publication|Review
Scientific Integrity Review|Scoping Review|Sermon|Social Media|Statistics|Study Characteristics|Study Guide|Support of Research
Systematic Review|Tables|Technical Report|Terminology|Textbook|Twin Study|Unedited Footage|Union List|Unpublished Work|Validation Studies
Validation Study|Video-Audio Media|Web Archive|Webcast|Webcasts|Wit and Humor
"""

TYPES = frozenset(one for line in _TYPES.split("\n") for one in line.split("|") if one)
"""As PubMed writes them."""


def nearest_type(wanted: str) -> tuple[str, bool]:
    """The type that a name stands for, "" when it is like none, and whether it is written exactly so."""
    if wanted in TYPES:
        return wanted, True
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - only where something is misspelt

    found = process.extractOne(wanted, sorted(TYPES), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_NEAR_ENOUGH)
    return (found[0] if found else ""), False
