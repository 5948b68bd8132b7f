"""PubMed's search fields: their names, and the tags that stand for them."""

from __future__ import annotations

from collections.abc import Iterator

_FIELDS = {
    "Affiliation": "ad affl",
    "All Fields": "all",
    "Article Identifier": "aid doi",
    "Author": "au auth",
    "Author - Corporate": "cn coln,corporate author",
    "Author - First": "1au faut,first author,first author name",
    "Author - Full": "fau,full author name",
    "Author - Identifier": "auid,author identifier",
    "Author - Last": "lastau laut,last author,last author name",
    "Book": "book,book accession",
    "Conflict of Interest Statements": "cois,conflict of interest statement,conflict of interest",
    "Date - Completion": "dcom cdat,completion date",
    "Date - Create": "crdt,create date,date created",
    "Date - Entry": "edat,entrez date,entry date",
    "Date - MeSH": "mhda,mesh date",
    "Date - Modification": "lr mdat,modification date,last revision",
    "Date - Publication": "dp pdat,publication date",
    "EC/RN Number": "rn ecno,registry number",
    "Editor": "ed",
    "Electronic Publication Date": "epdat epdt,date - electronic publication",
    "Filter": "filter filt sb subset",
    "Grants and Funding": "gr grnt,grant number,grants",
    "Investigator": "ir fir finv,full investigator name",
    "ISBN": "isbn",
    "Issue": "ip iss",
    "Journal": "ta jour so,journal title abbreviation",
    "Language": "la lang",
    "Location ID": "lid",
    "MeSH Major Topic": "majr",
    "MeSH Subheading": "sh subh,mesh subheadings,subheading,subheadings",
    "MeSH Terms": "mh mesh",
    "NLM Unique ID": "jid",
    "Other Term": "ot otrm,other terms,keyword,keywords",
    "Owner": "own",
    "Pagination": "pg page",
    "Pharmacological Action": "pa papx,pharmacologic action",
    "Place of Publication": "pl cnty",
    "PMID": "pmid uid",
    "Print Publication Date": "ppdat ppdt,date - print publication",
    "Publication Type": "pt ptyp",
    "Publisher": "pubn",
    "Publisher ID": "pid",
    "Secondary Source ID": "si,secondary source",
    "Subject - Personal Name": "ps,personal name as subject",
    "Supplementary Concept": "nm subs,substance name,supplementary concepts",
    "Text Word": "tw word,text words",
    "Title": "ti titl",
    "Title/Abstract": "tiab,title abstract",
    "Abstract": "ab",
    "Transliterated Title": "tt",
    "Volume": "vi vol",
}
"""Names and tags of PubMed's search fields as PubMed's help and EInfo list them: short tags, then further long names."""


def _spellings() -> Iterator[tuple[str, str]]:
    for name, others in _FIELDS.items():
        tags, *names = others.split(",")
        for spelling in (name, *tags.split(), *names):
            yield spelling.lower(), name


NAMES = dict(_spellings())
DATES = frozenset(name for name in _FIELDS if "Date" in name)
PROXIMITY = frozenset({"Title", "Title/Abstract", "Affiliation"})
UNEXPLODED = frozenset({"MeSH Terms", "MeSH Major Topic", "MeSH Subheading", "Publication Type", "Pharmacological Action"})
