"""E-utilities over HTTP: shapes, limits, days and faults as a client meets them."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from Bio import Entrez
from lxml import etree

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.faults import EVERY_TOOL, FAULTS, described
from standins.eutils.papers import book, paper
from standins.eutils.server import EutilsServer, RateRule, serve_forever
from standins.eutils.syntax import leaves
from watcher import clock

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 9, 20, 16, tzinfo=UTC)
Value = str | int | list[str]

POLITE: dict[str, Value] = {"db": "pubmed", "tool": "test", "email": "test@example.org"}

AGRIN = paper(10, title="Agrin at the junction", abstract="Receptors cluster.", created="2026-09-01", cites=[11], pmcid="PMC5")
REVIEW = paper(11, title="Agrin and receptors reviewed", abstract="At the junction.", created="2026-09-10", types=["Review"])
SPINE = paper(12, title="Discs of the spine", created="2026-09-05", published="2026 Nov", authors=["Abel Z"], journal="Z Spine")


class Client:
    """Asks one server, politely, over one kept-alive connection."""

    def __init__(self, server: EutilsServer) -> None:
        self.server = server
        self.session = requests.Session()

    def get(self, tool: str, **parameters: Value) -> requests.Response:
        """Ask by GET."""
        return self.session.get(f"{self.server.base_url}{tool}.fcgi", params=POLITE | parameters, timeout=60)

    def post(self, tool: str, **parameters: Value) -> requests.Response:
        """Ask by POST."""
        return self.session.post(f"{self.server.base_url}{tool}.fcgi", data=POLITE | parameters, timeout=60)

    def search(self, term: str, **parameters: Value) -> dict[str, Any]:
        """ESearch in JSON: its esearchresult."""
        answer = self.get("esearch", term=term, retmode="json", **parameters).json(strict=False)
        result: dict[str, Any] = answer["esearchresult"]
        return result

    def fetched(self, *pmids: int, **parameters: Value) -> list[int]:
        """EFetch: the pmids that came."""
        ids = {"id": ",".join(map(str, pmids))} if pmids else {}
        root = etree.fromstring(self.get("efetch", retmode="xml", **ids, **parameters).content)
        return [int(node.findtext("*/PMID") or 0) for node in root]


@pytest.fixture
def server() -> Iterator[EutilsServer]:
    with EutilsServer(Corpus.of([AGRIN, REVIEW, SPINE, book(13)]), clock=lambda: NOON) as running:
        yield running


@pytest.fixture
def client(server: EutilsServer) -> Iterator[Client]:
    asking = Client(server)
    yield asking
    asking.session.close()


def of(*records: Planted | bytes) -> Corpus:
    return Corpus.of(records)


# --- ESearch ---------------------------------------------------------------------------------------------------------------------


def test_a_search_in_json_has_the_names_that_ncbi_uses(client: Client) -> None:
    answer = client.get("esearch", term='agrin[ti] OR "junction spine"[ti] OR zzzz[x]', retmode="json")

    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.json()["header"] == {"type": "esearch", "version": "0.3"}
    assert answer.json()["esearchresult"] == {
        "count": "2",
        "retmax": "2",
        "retstart": "0",
        "idlist": ["11", "10"],
        "translationset": [],
        "querytranslation": '"agrin"[Title] OR ("junction"[Title] AND "spine"[Title]) OR zzzz',
        "errorlist": {"phrasesnotfound": ["zzzz"], "fieldsnotfound": ["x"]},
        "warninglist": {"phrasesignored": [], "quotedphrasesnotfound": ['"junction spine"[ti]'], "outputmessages": []},
    }


@pytest.fixture
def read(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Asks a tool for XML and reads it with Biopython, by the DTD that the answer names."""
    monkeypatch.setattr(Entrez, "local_cache", str(tmp_path))
    by_dtd: Callable[[BytesIO], Any] = Entrez.read
    return lambda tool, **parameters: by_dtd(BytesIO(client.get(tool, **parameters).content))


def test_a_search_in_xml_is_what_biopython_reads(read: Callable[..., Any]) -> None:
    found = read("esearch", term='agrin receptors qqqq "junction of"[x]', usehistory="y")

    assert found["Count"] == "2"
    assert found["IdList"] == ["11", "10"]
    assert found["WebEnv"].startswith("MCID_")
    assert found["TranslationSet"][0]["From"] == "agrin"
    assert found["ErrorList"]["FieldNotFound"] == ["x"]
    assert found["WarningList"]["QuotedPhraseNotFound"] == ['"junction of"']


def test_every_other_xml_answer_is_what_biopython_reads(read: Callable[..., Any]) -> None:
    assert read("epost", id="10,11")["QueryKey"] == "1"
    assert [link["Id"] for link in read("elink", dbfrom="pubmed", id="10", cmd="neighbor_score")[0]["LinkSetDb"][0]["Link"]] == [
        "10",
        "11",
    ]
    assert read("elink", dbfrom="pubmed", id="10", cmd="neighbor_history")[0]["LinkSetDbHistory"][0]["QueryKey"] == "1"
    assert read("esummary", id="10")[0]["Title"] == "Agrin at the junction"
    assert read("einfo")["DbInfo"][0]["Count"] == "4"
    assert read("espell", term="agrinn")["CorrectedQuery"] == "agrin"


def test_a_page_is_twenty_ids_unless_asked_otherwise() -> None:
    corpus = of(*(paper(number) for number in range(1, 31)))
    with EutilsServer(corpus, clock=lambda: NOON) as server:
        client = Client(server)

        first, second = client.search("sample"), client.search("sample", retstart=25, retmax=10)

    assert (first["count"], len(first["idlist"])) == ("30", 20)
    assert (second["retmax"], second["idlist"]) == ("5", ["5", "4", "3", "2", "1"])


def test_a_page_over_the_cap_is_cut_short_without_a_word() -> None:
    corpus = of(*(paper(number) for number in range(1, 10_003)))
    with EutilsServer(corpus, clock=lambda: NOON) as server:
        client = Client(server)

        whole, straddling = client.search("all[sb]", retmax=10_000), client.search("all[sb]", retstart=9_500, retmax=600)
        key = client.search("all[sb]", retmax=0, usehistory="y")
        fetched = client.fetched(WebEnv=key["webenv"], query_key=1, retstart=9_990, retmax=20)

    assert (whole["count"], len(whole["idlist"])) == ("10002", 9_999)
    assert len(straddling["idlist"]) == 499
    assert len(fetched) == 9
    assert not {"errorlist", "warninglist"} & whole.keys()


def test_a_start_beyond_the_cap_is_an_error_inside_200_with_a_raw_line_break(client: Client) -> None:
    answer = client.get("esearch", term="agrin", retstart=9_999, retmode="json")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert list(answer.json(strict=False)["esearchresult"]) == ["ERROR"]
    assert "cannot be larger than 9998" in answer.text


def test_a_start_beyond_the_cap_is_a_400_from_efetch(client: Client) -> None:
    key = client.search("agrin", usehistory="y")

    answer = client.get("efetch", WebEnv=key["webenv"], query_key=1, retstart=9_999, retmode="xml")

    assert answer.status_code == 400
    assert "cannot be larger than 9998" in (etree.fromstring(answer.content).findtext("ERROR") or "")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["11", "12", "10"]),
        ("pub_date", ["12", "11", "10"]),
        ("Author", ["12", "11", "10"]),
        ("JournalName", ["11", "10", "12"]),
        ("relevance", ["10", "11", "12"]),
    ],
)
def test_the_order_of_the_ids(client: Client, sort: str, expected: list[str]) -> None:
    assert client.search("agrin[ti] OR junction[tiab] OR spine[ti]", sort=sort)["idlist"] == expected


def test_an_unknown_order_is_told_and_ignored(client: Client) -> None:
    assert client.search("agrin", sort="size")["warninglist"]["outputmessages"] == ["Unknown sort schema 'size' ignored"]


def test_dates_given_as_parameters_limit_the_search_and_show_in_the_translation(client: Client) -> None:
    between = client.search("all[sb]", datetype="crdt", mindate="2026/09/05", maxdate="2026/09")
    recent = client.search("all[sb]", datetype="edat", reldate=15)
    half = client.search("all[sb]", datetype="crdt", mindate="2026/09/05")

    assert between["idlist"] == ["11", "12"]
    assert between["querytranslation"] == '"all"[Filter] AND 2026/09/05:2026/09/30[Date - Create]'
    assert recent["querytranslation"].endswith("2026/09/05:2026/09/20[Date - Entry]")
    assert half["count"] == "4"


def test_a_field_given_as_a_parameter_takes_untagged_words(client: Client) -> None:
    assert client.search("receptors", field="title")["idlist"] == ["11"]


def test_count_alone(client: Client) -> None:
    assert client.search("agrin", rettype="count") == {"count": "2"}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"term": ""}, "Empty term and query_key - nothing todo"),
        ({"term": "agrin", "db": "pub"}, "Invalid db name specified: pub"),
        ({"term": "agrin", "retmax": "many"}, "Invalid value for retmax: many"),
        ({"term": "agrin", "field": "titel"}, "Unknown field: titel"),
        ({"term": "#3"}, "Unable to obtain query #3"),
        ({"term": "agrin", "usehistory": "y", "WebEnv": "MCID_gone"}, "Unable to obtain query #1"),
    ],
)
def test_what_is_asked_wrongly_is_refused(client: Client, parameters: dict[str, str], said: str) -> None:
    assert client.search(**parameters)["ERROR"] == said


# --- history -----------------------------------------------------------------------------------------------------------------------


def test_a_stored_search_is_fetched_by_its_key(client: Client) -> None:
    key = client.search("agrin[ti]", usehistory="y")

    assert client.fetched(WebEnv=key["webenv"], query_key=key["querykey"]) == [11, 10]
    assert client.fetched(WebEnv=key["webenv"], query_key=key["querykey"], retstart=1, retmax=5) == [10]


def test_uploaded_ids_are_searched_by_their_key(client: Client) -> None:
    posted = etree.fromstring(client.post("epost", id="10,12,999").content)
    env = posted.findtext("WebEnv") or ""

    assert posted.findtext("QueryKey") == "1"
    assert client.search("#1", WebEnv=env)["idlist"] == ["12", "10"]
    assert client.search("#1 AND 2026/09/05:3000[crdt]", WebEnv=env)["idlist"] == ["12"]
    assert client.search("agrin[ti]", WebEnv=env, query_key=1)["idlist"] == ["10"]
    assert client.search("spine[ti]", WebEnv=env, usehistory="y")["querykey"] == "2"
    assert client.search("#1 NOT #2", WebEnv=env)["idlist"] == ["10"]


def test_a_history_that_expired_is_told_in_each_tools_own_way(client: Client) -> None:
    env = client.search("agrin", usehistory="y")["webenv"]
    client.server.utilities.history.expire()

    assert client.search("#1", WebEnv=env) == {"ERROR": "Unable to obtain query #1"}
    assert b"<ERROR>Unable to obtain query #1</ERROR>" in client.get("efetch", WebEnv=env, query_key=1).content
    assert client.get("esummary", WebEnv=env, query_key=1, retmode="json").json()["esummaryresult"] == ["Unable to obtain query #1"]


def test_ids_that_are_none_are_left_out_of_an_upload_and_told(client: Client) -> None:
    assert b"<ERROR>Some IDs have invalid value" in client.post("epost", id="10,99999999999999999999999").content
    assert client.post("epost", id="x").status_code == 400


# --- EFetch, ESummary ----------------------------------------------------------------------------------------------------------------


def test_records_come_as_they_were_planted_in_a_genuine_envelope(client: Client) -> None:
    body = client.get("efetch", id="10,13,999", retmode="xml").content

    assert body.startswith(
        b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2026//EN"'
    )
    assert AGRIN in body
    assert b"<PubmedBookArticle>" in body
    assert len(etree.fromstring(body)) == 2


def test_unknown_pmids_make_an_empty_set(client: Client) -> None:
    answer = client.get("efetch", id="998,999", retmode="xml")

    assert answer.status_code == 200
    assert len(etree.fromstring(answer.content)) == 0


def test_no_id_at_all_is_an_error(client: Client) -> None:
    answer = client.get("efetch", retmode="xml")

    assert answer.status_code == 400
    assert b"ID list is empty! Possibly it has no correct IDs." in answer.content


def test_many_ids_go_by_post_only(client: Client) -> None:
    ids = ",".join(map(str, range(1, 202)))

    assert client.get("efetch", id=ids, retmode="xml").status_code == 414
    assert len(etree.fromstring(client.post("efetch", id=ids, retmode="xml").content)) == 4


def test_a_long_term_goes_by_post_only(client: Client) -> None:
    term = " OR ".join(f"word{number}[tiab]" for number in range(600))

    assert client.get("esearch", term=term).status_code == 414
    assert client.post("esearch", term=term, retmode="json").json()["esearchresult"]["count"] == "0"


def test_all_versions_of_a_pmid_are_fetched() -> None:
    with EutilsServer(of(paper(5), paper(5, version=2)), clock=lambda: NOON) as server:
        client = Client(server)

        assert client.search("5[uid]")["idlist"] == ["5"]
        assert client.fetched(5) == [5, 5]


def test_efetch_writes_text_and_no_json(client: Client) -> None:
    medline = client.get("efetch", id="10", rettype="medline", retmode="text").text

    assert "PMID- 10\nTI  - Agrin at the junction\nAB  - Receptors cluster.\n" in medline
    assert "PMID: 10" in client.get("efetch", id="10", rettype="abstract", retmode="text").text
    assert client.get("efetch", id="10,11", rettype="uilist").text == "10\n11\n"
    assert client.get("efetch", id="10", retmode="json").status_code == 400


def test_a_summary_tells_of_each_missing_pmid_inside_200(client: Client) -> None:
    result = client.get("esummary", id="10,999", retmode="json").json()["result"]

    assert result["uids"] == ["10", "999"]
    assert (result["10"]["title"], result["10"]["authors"][0]["name"]) == ("Agrin at the junction", "Sample A")
    assert {"idtype": "pmc", "idtypen": 0, "value": "PMC5"} in result["10"]["articleids"]
    assert {"pubstatus": "entrez", "date": "2026/09/01 04:12"} in result["10"]["history"]
    assert result["999"] == {"uid": "999", "error": "cannot get document summary"}


# --- ELink -------------------------------------------------------------------------------------------------------------------------


def links(client: Client, **parameters: Value) -> list[dict[str, Any]]:
    sets: list[dict[str, Any]] = client.get("elink", dbfrom="pubmed", retmode="json", **parameters).json()["linksets"]
    return sets


def test_the_seed_stands_first_with_the_largest_score(client: Client) -> None:
    (found,) = links(client, id="10", cmd="neighbor_score", linkname="pubmed_pubmed")

    scored = found["linksetdbs"][0]["links"]
    assert [link["id"] for link in scored] == ["10", "11"]
    assert scored[0]["score"] > scored[1]["score"] > 0


def test_repeated_ids_make_a_set_each_and_commas_merge(client: Client) -> None:
    apart, merged = links(client, id=["10", "12"]), links(client, id="10,12")

    assert [one["ids"] for one in apart] == [["10"], ["12"]]
    assert [one["ids"] for one in merged] == [["10", "12"]]
    assert set(merged[0]["linksetdbs"][0]["links"]) == {"10", "11", "12"}


def test_an_unknown_pmid_has_an_empty_set(client: Client) -> None:
    assert links(client, id="999", cmd="neighbor_score") == [{"dbfrom": "pubmed", "ids": ["999"]}]


def test_reviews_references_and_citations_have_names_of_their_own(client: Client) -> None:
    by_name = {one["linkname"]: one["links"] for one in links(client, id="10")[0]["linksetdbs"]}
    cited = {one["linkname"]: one["links"] for one in links(client, id="11")[0]["linksetdbs"]}

    assert by_name["pubmed_pubmed_reviews"] == ["11"]
    assert by_name["pubmed_pubmed_refs"] == ["11"]
    assert cited["pubmed_pubmed_citedin"] == ["10"]
    assert links(client, id="10", db="pmc")[0]["linksetdbs"][0] == {"dbto": "pmc", "linkname": "pubmed_pmc", "links": ["5"]}


def test_the_score_of_a_reference_is_its_id(client: Client) -> None:
    (found,) = links(client, id="10", cmd="neighbor_score", linkname="pubmed_pubmed_refs")

    assert found["linksetdbs"][0]["links"] == [{"id": "11", "score": 11}]


def test_links_are_limited_by_dates_and_by_a_term(client: Client) -> None:
    dated = links(client, id="10", linkname="pubmed_pubmed", datetype="crdt", mindate="2026/09/05", maxdate="2026/09/30")
    termed = links(client, id="10", linkname="pubmed_pubmed", term="cluster[tiab]")

    assert dated[0]["linksetdbs"][0]["links"] == ["11"]
    assert termed[0]["linksetdbs"][0]["links"] == ["10"]


def test_links_can_be_stored(client: Client) -> None:
    (found,) = links(client, id="10", cmd="neighbor_history", linkname="pubmed_pubmed")

    assert client.fetched(WebEnv=found["webenv"], query_key=found["linksetdbhistories"][0]["querykey"]) == [10, 11]


def test_an_unknown_command_is_refused(client: Client) -> None:
    assert client.get("elink", dbfrom="pubmed", id="10", cmd="guess").status_code == 400


# --- EInfo, addresses ---------------------------------------------------------------------------------------------------------------


def test_einfo_lists_databases_fields_and_the_last_update(client: Client) -> None:
    (info,) = client.get("einfo", retmode="json").json()["einforesult"]["dbinfo"]

    assert (info["dbname"], info["count"], info["lastupdate"]) == ("pubmed", "4", "2026/09/20 11:33")
    assert {"CRDT", "EDAT", "MHDA", "MDAT", "TIAB", "MESH"} <= {field["name"] for field in info["fieldlist"]}
    databases = client.session.get(f"{client.server.base_url}einfo.fcgi", params={"retmode": "json"}, timeout=60).json()
    assert "pubmed" in databases["einforesult"]["dblist"]


def test_another_address_is_not_found(client: Client) -> None:
    assert client.get("egquery").status_code == 404
    assert client.session.get(client.server.base_url.replace("/entrez", ""), timeout=60).status_code == 404


# --- days --------------------------------------------------------------------------------------------------------------------------


def test_the_day_is_ncbis_and_read_at_each_request() -> None:
    now = [datetime(2026, 9, 16, 3, 59, tzinfo=UTC)]
    with EutilsServer(of(paper(1, created="2026-09-16")), clock=lambda: now[0]) as server:
        client = Client(server)

        before = client.search("1[uid]")["count"]
        now[0] = datetime(2026, 9, 16, 4, 1, tzinfo=UTC)
        after = client.search("1[uid]")["count"]

    assert (before, after) == ("0", "1")


def test_the_clock_file_moves_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    monkeypatch.setenv(clock.CLOCK_FILE, str(file))
    with EutilsServer(of(paper(1, created="2026-09-16")), clock=clock.now) as server:
        client = Client(server)

        file.write_text("2026-09-15T12:00:00+02:00")
        before = client.search("1[uid]")["count"]
        file.write_text("2026-09-17T12:00:00+02:00")
        after = client.search("1[uid]")["count"]

    assert (before, after) == ("0", "1")


def test_a_record_can_be_searchable_days_before_it_is_fetchable() -> None:
    now = [datetime(2026, 9, 16, 16, tzinfo=UTC)]
    slow = Planted(paper(1, created="2026-09-15"), fetchable_at=date(2026, 9, 18))
    with EutilsServer(of(slow), clock=lambda: now[0]) as server:
        client = Client(server)

        listed, early = client.search("1[uid]")["count"], client.fetched(1)
        now[0] = datetime(2026, 9, 18, 16, tzinfo=UTC)
        late = client.fetched(1)

    assert (listed, early, late) == ("1", [], [1])


def test_a_changed_record_is_fetched_as_it_stands_that_day() -> None:
    now = [datetime(2026, 9, 9, 16, tzinfo=UTC)]
    fate = Planted(
        paper(1, title="Old"), changes=((date(2026, 9, 10), paper(1, title="New", mesh=["Mice"])),), vanishes_at=date(2026, 9, 12)
    )
    with EutilsServer(of(fate), clock=lambda: now[0]) as server:
        client = Client(server)

        bodies = []
        for day in (9, 10, 12):
            now[0] = datetime(2026, 9, day, 16, tzinfo=UTC)
            bodies.append(client.get("efetch", id="1", retmode="xml").content)

    assert [(b"Old" in body, b"New" in body) for body in bodies] == [(True, False), (False, True), (False, False)]


# --- the log, limits ----------------------------------------------------------------------------------------------------------------


def test_the_log_keeps_every_request_and_how_polite_it_was(client: Client) -> None:
    client.search("agrin", api_key="k1")
    client.session.post(f"{client.server.base_url}efetch.fcgi", data={"db": "pubmed", "id": "10"}, timeout=60)

    first, second = client.server.log

    assert (first.tool, first.method, first.status, first.fault, first.is_polite) == ("esearch", "GET", 200, None, True)
    assert first.parameters["term"] == ["agrin"]
    assert (second.tool, second.method, second.is_polite) == ("efetch", "POST", False)
    assert client.server.requests_by_tool == {"esearch": 1, "efetch": 1}
    assert client.server.calls("efetch") == [second]
    client.server.forget()
    assert client.server.log == []


@pytest.mark.parametrize("retry_after", [None, 7])
def test_too_many_requests_are_refused_with_the_key_in_the_body(retry_after: int | None) -> None:
    with EutilsServer(of(AGRIN), clock=lambda: NOON, rate=RateRule(with_key=2, window=30, retry_after=retry_after)) as server:
        client = Client(server)

        answers = [client.get("esearch", term="agrin", api_key="secret-key") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].json()["api-key"] == "secret-key"
    assert answers[2].headers.get("Retry-After") == (str(retry_after) if retry_after else None)
    assert server.log[2].fault == "rate"


def test_each_caller_has_a_limit_of_its_own_and_time_lifts_it() -> None:
    with EutilsServer(of(AGRIN), clock=lambda: NOON, rate=RateRule(per_second=1, with_key=1, window=0.1)) as server:
        client = Client(server)

        statuses = [client.get("esearch", term="agrin", **key).status_code for key in ({}, {"api_key": "k"}, {})]
        time.sleep(0.12)
        statuses.append(client.get("esearch", term="agrin").status_code)

    assert statuses == [200, 200, 429, 200]


def test_an_unknown_api_key_is_refused() -> None:
    with EutilsServer(of(AGRIN), clock=lambda: NOON, api_keys={"good"}) as server:
        client = Client(server)

        bad, good = client.get("esearch", term="agrin", api_key="k1"), client.get("esearch", term="agrin", api_key="good")

    assert (bad.status_code, good.status_code) == (400, 200)
    assert bad.json() == {"error": "API key invalid", "api-key": "k1", "type": "invalid", "status": "unknown"}


def test_many_clients_at_once_are_served(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: client.search("agrin")["count"], range(40)))

    assert counts == ["2"] * 40
    assert client.server.requests_by_tool["esearch"] == 40


def test_a_closed_server_answers_nobody_not_even_on_a_kept_connection(server: EutilsServer) -> None:
    client = Client(server)
    client.search("agrin")

    server.close()

    with pytest.raises(requests.ConnectionError):
        client.search("agrin")


def test_serving_for_ever_says_where_and_answers_there() -> None:
    stop = threading.Event()
    answers: list[requests.Response] = []

    def heard(line: str) -> None:
        answers.append(requests.get(f"{line.rsplit(maxsplit=1)[-1]}einfo.fcgi", timeout=60))
        stop.set()

    serve_forever(of(AGRIN), 0, clock=lambda: NOON, say=heard, until=stop)

    assert [answer.status_code for answer in answers] == [200]


def test_the_rehearsal_of_the_pages_serves_the_sample_records() -> None:
    (code,) = re.findall(
        r'bin/python -c "(from standins.+?)" &', (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.DOTALL
    )
    command = [sys.executable, "-u", "-c", code.replace("port=8765", "port=0")]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:  # noqa: S603 - the page's own lines
        assert serving.stdout
        address = serving.stdout.readline().split()[-1]
        answer = requests.get(f"{address}einfo.fcgi", timeout=60)
        serving.terminate()

    assert (answer.status_code, "<DbName>pubmed</DbName>" in answer.text) == (200, True)


# --- faults ------------------------------------------------------------------------------------------------------------------------


def test_a_fault_is_played_as_often_as_planted_and_where_it_was_meant(client: Client) -> None:
    client.server.faults.plant("esearch", kind="http-503", times=2, when=lambda call: "agrin" in call.value("term"))

    statuses = [client.get("esearch", term=term).status_code for term in ("spine", "agrin", "agrin", "agrin")]

    assert statuses == [200, 503, 503, 200]
    assert [exchange.fault for exchange in client.server.log] == [None, "http-503", "http-503", None]
    assert client.server.faults.pending == 0


def test_a_fault_for_any_tool_befalls_only_tools_it_can_befall(client: Client) -> None:
    client.server.faults.plant("*", kind="omitted-records")

    client.search("agrin")
    client.fetched(10, 11)

    assert [exchange.fault for exchange in client.server.log] == [None, "omitted-records"]


def test_planted_faults_can_be_cleared(client: Client) -> None:
    client.server.faults.plant("esearch", kind="reset", times=9)
    client.server.faults.clear()

    assert client.search("agrin")["count"] == "2"


def test_a_fault_that_does_not_exist_or_cannot_befall_a_tool_is_refused(server: EutilsServer) -> None:
    with pytest.raises(ValueError, match="no fault of the kind 'gremlin'"):
        server.faults.plant("esearch", kind="gremlin")
    with pytest.raises(ValueError, match="cannot befall esearch, only efetch"):
        server.faults.plant("esearch", kind="omitted-records")


def test_every_fault_is_described_and_has_a_tool() -> None:
    assert all(described().values())
    assert all(fault.tools and fault.tools <= EVERY_TOOL for fault in FAULTS.values())


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("rate-limit", 429, '{"error":"API rate limit exceeded","api-key":"k1","count":"11","limit":"10"}'),
        ("rate-limit-retry-after", 429, "API rate limit exceeded"),
        ("rate-limit-documented", 429, '{"error":"API rate limit exceeded","count":"11"}'),
        ("rate-limit-in-200", 200, "API rate limit exceeded"),
        ("api-key-invalid", 400, '"API key invalid"'),
        ("backend-failed", 200, "the address table is empty"),
        ("backend-502", 200, "Search Backend failed: Status: 502"),
        ("webenv-expired", 200, "Unable to obtain query #1"),
        ("html-page", 200, "<h1>Maintenance</h1>"),
        ("http-500", 500, "Internal Server Error"),
        ("http-502", 502, "Bad Gateway"),
        ("http-503", 503, "Service Unavailable"),
    ],
)
@pytest.mark.parametrize("mode", ["json", "xml"])
def test_refusals_and_error_bodies(client: Client, kind: str, status: int, said: str, mode: str) -> None:
    client.server.faults.plant("esearch", kind=kind)

    answer = client.get("esearch", term="agrin", retmode=mode, api_key="k1")

    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, "1" if kind == "rate-limit-retry-after" else None)
    assert said in answer.text
    assert client.search("agrin")["count"] == "2"


def test_efetch_and_elink_have_failures_of_their_own(client: Client) -> None:
    client.server.faults.plant("efetch", kind="efetch-timeout")
    client.server.faults.plant("elink", kind="elink-outage", times=2)

    late = client.get("efetch", id="10", retmode="xml")
    outage = client.get("elink", dbfrom="pubmed", id="10", retmode="json")

    assert late.status_code == 400
    assert "Status: Timeout" in (etree.fromstring(late.content).findtext("ERROR") or "")
    assert outage.json()["ERROR"] == "Couldn't resolve #exLinkSrv2, the address table is empty."
    assert b"<eLinkResult><ERROR>Couldn" in client.get("elink", dbfrom="pubmed", id="10").content


def test_an_empty_and_a_truncated_body_look_whole_to_http(client: Client) -> None:
    client.server.faults.plant("efetch", kind="empty-body")
    client.server.faults.plant("efetch", kind="truncated")

    assert client.get("efetch", id="10", retmode="xml").content == b""
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(client.get("efetch", id="10", retmode="xml").content)


@pytest.mark.parametrize("kind", ["short-body", "chunks-cut"])
def test_a_body_that_stops_short_is_an_error_of_the_connection(client: Client, kind: str) -> None:
    client.server.faults.plant("efetch", kind=kind)

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        client.get("efetch", id="10", retmode="xml")
    assert client.fetched(10) == [10]


def test_a_reset_is_a_reset(client: Client) -> None:
    client.server.faults.plant("esearch", kind="reset")

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        client.search("agrin")


def test_a_hanging_server_says_nothing(client: Client) -> None:
    client.server.faults.plant("esearch", kind="hang")

    with pytest.raises(requests.ReadTimeout):
        client.session.get(f"{client.server.base_url}esearch.fcgi", params=POLITE | {"term": "agrin"}, timeout=(60, 0.1))


def test_a_dripping_server_keeps_every_read_alive_and_never_ends(client: Client) -> None:
    client.server.faults.plant("esearch", kind="drip")

    with client.session.get(
        f"{client.server.base_url}esearch.fcgi", params=POLITE | {"term": "agrin"}, timeout=60, stream=True
    ) as answer:
        begun = [answer.raw.read(1) for _ in range(3)]

    assert b"".join(begun) == b"<?x"


@pytest.mark.parametrize(("kind", "count", "ids"), [("short-id-list", "3", 2), ("no-ids", "3", 0), ("shrunken-set", "1", 1)])
@pytest.mark.parametrize("mode", ["json", "xml"])
def test_id_lists_that_are_too_short(client: Client, kind: str, count: str, ids: int, mode: str) -> None:
    client.server.faults.plant("esearch", kind=kind)

    answer = client.get("esearch", term="agrin[ti] OR spine[ti]", retmode=mode)

    if mode == "json":
        told, listed = answer.json()["esearchresult"]["count"], len(answer.json()["esearchresult"]["idlist"])
    else:
        root = etree.fromstring(answer.content)
        told, listed = root.findtext("Count"), len(root.findall("IdList/Id"))
    assert (told, listed) == (count, ids)


def test_raw_control_characters_defeat_a_strict_parser_only(client: Client) -> None:
    client.server.faults.plant("esearch", kind="raw-control-characters", times=2)

    with pytest.raises(json.JSONDecodeError):
        client.get("esearch", term="agrin", retmode="json").json()
    assert client.search("agrin")["count"] == "2"


def test_records_can_be_omitted_and_repeated(client: Client) -> None:
    client.server.faults.plant("efetch", kind="omitted-records")
    client.server.faults.plant("efetch", kind="repeated-record")

    assert client.fetched(10, 11, 12, 13) == [11, 12]
    assert client.fetched(10, 11) == [10, 10, 11]


def test_one_record_of_a_batch_can_be_broken_in_two_ways(client: Client) -> None:
    client.server.faults.plant("efetch", kind="broken-record")
    client.server.faults.plant("efetch", kind="malformed-record")

    strange = etree.fromstring(client.get("efetch", id="10,11", retmode="xml").content)

    assert [node.findtext("*/PMID") for node in strange] == ["none", "11"]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(client.get("efetch", id="10,11", retmode="xml").content)


def test_an_unknown_dtd_year_changes_nothing_else(client: Client) -> None:
    client.server.faults.plant("efetch", kind="unknown-dtd")

    body = client.get("efetch", id="10", retmode="xml").content

    assert b"1st January 2036//EN" in body
    assert b"pubmed_360101.dtd" in body
    assert AGRIN in body


def test_a_corpus_can_know_all_words_of_a_query_beforehand() -> None:
    query = '"slow channel"[tiab] OR zebrafishes*[tiab] OR "Imaginary Heading"[mh]'
    corpus = Corpus.of([AGRIN], also_indexed=[leaf.text for leaf in leaves(query)])
    with EutilsServer(corpus, clock=lambda: NOON) as server:
        answer = Client(server).search(query)

    assert answer["warninglist"] == {"phrasesignored": [], "quotedphrasesnotfound": [], "outputmessages": ["No items found."]}
    assert "errorlist" not in answer


SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared records are not here")
def test_real_records_can_be_served() -> None:
    corpus = Corpus.from_files([SHARED / "pubmed/records/nmj_strict.xml"])
    with EutilsServer(corpus, clock=lambda: NOON) as server:
        client = Client(server)

        found = client.search('"neuromuscular junction"[mh]', retmax=200)
        fetched = client.fetched(*map(int, found["idlist"]))

    assert int(found["count"]) == len(found["idlist"]) > 20
    assert fetched == [int(pmid) for pmid in found["idlist"]]


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded answers are not here")
def test_json_answers_have_the_keys_of_recorded_ones(client: Client) -> None:
    recorded = SHARED / "pubmed/answers/json"
    history = json.loads((recorded / "esearch/search_with_history.json").read_text())["esearchresult"]
    empty = json.loads((recorded / "esearch/search_empty.json").read_text())["esearchresult"]
    link = json.loads((recorded / "elink/related_27350240.json").read_text())["linksets"][0]
    field = json.loads((recorded / "einfo/pubmed_info.json").read_text())["einforesult"]["dbinfo"][0]["fieldlist"][0]
    summary = json.loads((recorded / "esummary/summary_25760099.json").read_text())["result"]["25760099"]

    (own_link,) = links(client, id="10", linkname="pubmed_pubmed")
    own_info = client.get("einfo", retmode="json").json()["einforesult"]["dbinfo"][0]
    own_summary = client.get("esummary", id="10", retmode="json").json()["result"]["10"]

    assert client.search("agrin", usehistory="y").keys() == history.keys()
    assert client.search("zxqwvjkplm") == empty | {"querytranslation": "zxqwvjkplm"} | _quoted("zxqwvjkplm")
    assert own_link.keys() == link.keys()
    assert own_link["linksetdbs"][0].keys() == link["linksetdbs"][0].keys()
    assert own_info["fieldlist"][0].keys() == field.keys()
    assert own_summary.keys() <= summary.keys()


def _quoted(word: str) -> dict[str, Any]:
    return {"warninglist": {"phrasesignored": [], "quotedphrasesnotfound": [f'"{word}"'], "outputmessages": ["No items found."]}}


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded errors are not here")
def test_error_bodies_say_what_recorded_ones_say(client: Client) -> None:
    def said(tool: str, kind: str, **parameters: Value) -> str:
        client.server.faults.plant(tool, kind=kind)
        return " ".join(client.get(tool, **parameters).text.split())

    def recorded(name: str) -> str:
        return " ".join((SHARED / "pubmed/errors" / name).read_text().split())

    assert said("esearch", "api-key-invalid", api_key="k1") == recorded("api_key_invalid_400.json").replace('", "', '","')
    assert said("esearch", "webenv-expired", retmode="json") == recorded("esearch_webenv_expired_200.json")
    assert said("esummary", "webenv-expired", retmode="json") == recorded("esummary_webenv_expired.json")
    assert said("esearch", "rate-limit-documented") == recorded("rate_limit_documented_NBK25497.json")
    assert said("esearch", "rate-limit") == recorded("rate_limit_429.json").replace("192.0.2.1", "127.0.0.1")
    late, kept = etree.fromstring(said("efetch", "efetch-timeout").encode()), etree.fromstring(recorded("efetch_timeout_400.xml"))
    assert late.findtext("ERROR") == kept.findtext("ERROR")
    start = client.get("esearch", term="agrin", retstart=9_999, retmode="json").text
    assert (
        start.strip() == (SHARED / "pubmed/errors/esearch_retstart_over_9998_200_raw_newline_INVALID_JSON.json").read_text().strip()
    )
    missing = client.get("esummary", id="999999998", retmode="json").json()
    assert missing == json.loads(recorded("esummary_missing_pmid_200.json"))
