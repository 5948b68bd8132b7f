"""Bodies of E-utilities answers for the tests, written by us in the shapes that NCBI uses."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"


def document(root: str, inner: str, *, dtd: str = "esearch.dtd") -> bytes:
    return (f'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE {root} SYSTEM "{DTD}/{dtd}">\n<{root}>{inner}</{root}>').encode()


def esearch(count: int, ids: Iterable[int], *, translation: str = "agrin[All Fields]", after: str = "") -> bytes:
    found = "".join(f"<Id>{one}</Id>" for one in ids)
    return document(
        "eSearchResult",
        f"<Count>{count}</Count><RetMax>20</RetMax><RetStart>0</RetStart><IdList>{found}</IdList><TranslationSet/>"
        f"<QueryTranslation>{escape(translation)}</QueryTranslation>{after}",
    )


def refused(root: str, text: str) -> bytes:
    return document(root, f"<ERROR>{escape(text)}</ERROR>")


def elink(seed: int, links: Sequence[tuple[int, int]], *, name: str = "pubmed_pubmed") -> bytes:
    inner = "".join(f"<Link><Id>{pmid}</Id><Score>{score}</Score></Link>" for pmid, score in links)
    database = f"<LinkSetDb><DbTo>pubmed</DbTo><LinkName>{name}</LinkName>{inner}</LinkSetDb>" if links else ""
    head = f"<DbFrom>pubmed</DbFrom><IdList><Id>{seed}</Id></IdList>"
    return document("eLinkResult", f"<LinkSet>{head}{database}</LinkSet>", dtd="elink.dtd")


def epost(key: int = 1, web_env: str = "MCID_1", after: str = "") -> bytes:
    return document("ePostResult", f"<QueryKey>{key}</QueryKey><WebEnv>{web_env}</WebEnv>{after}", dtd="epost.dtd")


def einfo(last_update: str = "2026/03/02 07:12") -> bytes:
    inner = f"<DbName>pubmed</DbName><MenuName>PubMed</MenuName><Description>-</Description><LastUpdate>{last_update}</LastUpdate>"
    return document("eInfoResult", f"<DbInfo>{inner}</DbInfo>", dtd="einfo.dtd")


def efetch(*pmids: int) -> bytes:
    records = "".join(
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><ArticleTitle>Sample {pmid}</ArticleTitle></Article>'
        "</MedlineCitation></PubmedArticle>"
        for pmid in pmids
    )
    return document("PubmedArticleSet", records, dtd="pubmed_250101.dtd")


HTML = b"<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>Maintenance</body></html>"
RATE = b'{"error":"API rate limit exceeded","api-key":"s3cret-key","count":"11","limit":"10"}'
BAD_KEY = b'{"error":"API key invalid","api-key":"s3cret-key","type":"invalid",\n"status":"unknown"}'
