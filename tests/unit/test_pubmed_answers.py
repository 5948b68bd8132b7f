"""ESearch, ELink, EPost and EInfo answers become values, whole or not at all, without a network or a home."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.entrez_bodies import HTML, document, einfo, elink, epost, esearch, refused

from watcher.domain import Neighbour, pubmed_id
from watcher.errors import BadQuery, IncompleteAnswer, PubMedUnavailable
from watcher.pubmed.answers import (
    Matched,
    Posted,
    read_last_update,
    read_neighbours,
    read_posted,
    read_search,
)
from watcher.pubmed.failures import Again
from watcher.pubmed.pmid import Pmid
from watcher.pubmed.reply import Reply

SHARED = Path(__file__).resolve().parents[3] / "shared" / "pubmed" / "answers"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("something wanted the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def searched(body: bytes, retmax: int = 9_999) -> Matched:
    return read_search(Reply(200, body), term="agrin", retmax=retmax)


# --- ESearch -------------------------------------------------------------------------------------------------------------------------


def test_a_search_gives_pmids_in_pubmeds_order_and_its_remarks() -> None:
    after = (
        "<ErrorList><PhraseNotFound>nmjx</PhraseNotFound><FieldNotFound>tib</FieldNotFound></ErrorList>"
        '<WarningList><PhraseIgnored>the</PhraseIgnored><QuotedPhraseNotFound>"motor endplates"</QuotedPhraseNotFound>'
        "<QuotedPhraseNotFound>nmjx</QuotedPhraseNotFound><OutputMessage>Wildcard search cut</OutputMessage></WarningList>"
    )

    found = searched(esearch(2, [12, 11], translation='"agrin"[All Fields] AND a<b', after=after))

    assert found.pmids == (12, 11)
    assert (found.facts.term, found.facts.count) == ("agrin", 2)
    assert found.facts.translation == '"agrin"[All Fields] AND a<b'
    assert found.facts.phrases_not_found == ("nmjx", '"motor endplates"')
    assert found.facts.fields_not_found == ("tib",)
    assert found.facts.phrases_ignored == ("the",)
    assert found.facts.messages == ("Wildcard search cut",)


def test_nothing_found_is_a_whole_answer() -> None:
    found = searched(esearch(0, [], after="<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>"))

    assert (found.pmids, found.facts.count, found.facts.messages) == ((), 0, ("No items found.",))


@pytest.mark.parametrize(
    ("count", "ids", "retmax"),
    [
        (3, [1, 2], 9_999),
        (2, [1, 2, 3], 9_999),
        (2, [1, 1], 9_999),
        (5, [], 9_999),
        (20_000, range(1, 9_999), 9_999),
        (9, [1, 2], 3),
    ],
    ids=["short", "long", "twice", "none", "clamped", "short of retmax"],
)
def test_an_answer_with_other_ids_than_it_announces_is_asked_again(count: int, ids: Sequence[int], retmax: int) -> None:
    with pytest.raises(Again, match="announced") as caught:
        searched(esearch(count, ids), retmax)

    assert caught.value.kind is IncompleteAnswer


@pytest.mark.parametrize(("count", "ids", "retmax"), [(20_000, range(1, 10_000), 9_999), (7, [], 0), (9, [1, 2, 3], 3)])
def test_an_answer_with_what_was_asked_of_a_larger_set_is_whole(count: int, ids: Sequence[int], retmax: int) -> None:
    assert searched(esearch(count, ids), retmax).facts.count == count


@pytest.mark.parametrize(
    "body",
    [
        esearch(2, [1, 2])[:-20],
        esearch(2, [1, 2])[:150],
        document("eSearchResult", "<Count>many</Count><IdList/>"),
        document("eSearchResult", "<Count>1</Count><IdList><Id>x7</Id></IdList>"),
        document("eSearchResult", "<Count>1</Count><IdList><Id>0</Id></IdList>"),
        document("eSearchResult", "<IdList/>"),
        document("eSearchResult", "<IdList><Count><Id>1</Id></Count></IdList></IdList>"),
        document("eSearchResult", "<TranslationSet><IdList><Id>1</Id><Count>2</Count></TranslationSet>"),
        document("eSpellResult", "<Query/>"),
        elink(1, []),
        HTML,
        b"plain words",
    ],
)
def test_what_is_no_search_answer_is_asked_again(body: bytes) -> None:
    with pytest.raises(Again) as caught:
        searched(body)

    assert caught.value.kind is PubMedUnavailable


def test_an_error_inside_the_answer_is_told() -> None:
    with pytest.raises(BadQuery, match="Unbalanced quotation marks"):
        searched(refused("eSearchResult", "Unbalanced quotation marks"))


@pytest.mark.parametrize(
    "prologue",
    [
        b"",
        b"\xef\xbb\xbf",
        b'<?xml version="1.0"?>\n',
        b'<?xml version="1.0"?>\n<!DOCTYPE eSearchResult SYSTEM "https://dtd.example.org/esearch_310101.dtd">\n',
        b'<?xml version="1.0"?><!-- by 7 --><!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD//EN" "http://127.0.0.1:9/x.dtd" [<!ENTITY a "b">]>\n',
    ],
    ids=["no declaration", "byte order mark", "no doctype", "an unknown DTD", "a subset"],
)
def test_no_document_type_is_ever_fetched(prologue: bytes) -> None:
    body = prologue + b"<eSearchResult><Count>1</Count><IdList><Id>10</Id></IdList></eSearchResult>"

    assert searched(body).pmids == (10,)


def test_the_declared_encoding_is_kept() -> None:
    inner = "<Count>0</Count><QueryTranslation>Müller</QueryTranslation>"
    body = f'<?xml version="1.0" encoding="ISO-8859-1"?><eSearchResult>{inner}</eSearchResult>'

    assert searched(body.encode("latin-1")).facts.translation == "Müller"


def test_an_unknown_encoding_is_asked_again() -> None:
    with pytest.raises(Again):
        searched(b'<?xml version="1.0" encoding="x-none"?><eSearchResult><Count>0</Count></eSearchResult>')


def test_the_parser_needs_no_writable_home(tmp_path: Path) -> None:
    """In a process of its own: the folder is chosen when the parser is imported for the first time."""
    home = tmp_path / "home"
    home.touch()
    program = (
        "from watcher.pubmed.answers import read_search; from watcher.pubmed.reply import Reply; import sys;"
        "assert not any(name.startswith('Bio') for name in sys.modules);"
        "print(read_search(Reply(200, sys.stdin.buffer.read()), term='a', retmax=9).pmids)"
    )

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        input=esearch(1, [10]),
        env={**os.environ, "HOME": str(home), "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )

    assert done.stdout.decode().strip() == "(10,)", done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


# --- ELink ---------------------------------------------------------------------------------------------------------------------------


def neighbours(body: bytes, seed: int = 10) -> tuple[Neighbour, ...]:
    return read_neighbours(Reply(200, body), seed=Pmid(seed))


def test_neighbours_come_nearest_first_without_the_seed() -> None:
    body = elink(10, [(10, 2_147_483_647), (12, 300), (11, 900), (12, 500)])

    assert neighbours(body) == (Neighbour(pubmed_id(11), 900), Neighbour(pubmed_id(12), 500))


def test_links_of_another_name_are_no_neighbours() -> None:
    assert neighbours(elink(10, [(11, 11)], name="pubmed_pubmed_refs")) == ()


def test_a_record_without_neighbours_has_an_empty_set() -> None:
    assert neighbours(elink(10, [])) == ()


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<LinkSet><DbFrom>pubmed</DbFrom><ERROR>Couldn't resolve #exLinkSrv2, the address table is empty.</ERROR></LinkSet>",
        "<LinkSet><LinkSetDb><LinkName>pubmed_pubmed</LinkName><Link><Id>eleven</Id></Link></LinkSetDb></LinkSet>",
    ],
)
def test_an_answer_without_usable_links_is_asked_again(inner: str) -> None:
    with pytest.raises(Again):
        neighbours(document("eLinkResult", inner, dtd="elink.dtd"))


# --- EPost, EInfo --------------------------------------------------------------------------------------------------------------------


def test_posted_ids_are_found_again_by_key_and_environment() -> None:
    remark = "<ERROR>IDs contain invalid characters which was treated as delimiters.</ERROR>"

    assert read_posted(Reply(200, epost(3, "MCID_x", remark))) == Posted("3", "MCID_x")


def test_a_post_that_names_no_place_is_asked_again() -> None:
    with pytest.raises(Again):
        read_posted(Reply(200, document("ePostResult", "<InvalidIdList><Id>1</Id></InvalidIdList>")))


def test_the_last_update_is_pubmeds_own_text() -> None:
    assert read_last_update(Reply(200, einfo("2026/03/02 07:12"))) == "2026/03/02 07:12"


def test_a_list_of_databases_says_nothing_of_an_update() -> None:
    with pytest.raises(Again):
        read_last_update(Reply(200, document("eInfoResult", "<DbList><DbName>pubmed</DbName></DbList>")))


# --- answers that others recorded ----------------------------------------------------------------------------------------------------

RECORDED = sorted(path for folder in ("biopython", "bioperl", "biogo") for path in (SHARED / folder).glob("*.xml"))
needs_recordings = pytest.mark.skipif(
    not RECORDED, reason="needs the recorded answers beside the project (../shared/pubmed/answers)"
)


def recorded(*starts: str) -> list[Path]:
    return [path for path in RECORDED if path.name.startswith(starts)]


@needs_recordings
@pytest.mark.parametrize("path", recorded("esearch", "search"), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_recorded_searches_are_read(path: Path) -> None:
    body = path.read_bytes()
    if b"<ERROR>" in body or b"<IdList" not in body:
        with pytest.raises((Again, BadQuery)):
            searched(body, retmax=20)
        return
    listed = [int(part.split(b"<")[0]) for part in body.split(b"<Id>")[1:]]

    found = searched(body, retmax=len(listed))

    assert list(found.pmids) == listed


@needs_recordings
def test_recorded_neighbours_are_read() -> None:
    found = neighbours((SHARED / "biogo" / "link_2.xml").read_bytes(), 20210808)

    assert found[0].score >= found[-1].score > 0
    assert Neighbour(pubmed_id(15876306), 75133399) in found


@needs_recordings
@pytest.mark.parametrize("path", recorded("elink", "link", "neighbor"), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_recorded_links_are_read_or_asked_again(path: Path) -> None:
    body = path.read_bytes()

    try:
        found = neighbours(body)
    except Again:
        assert b"pubmed_pubmed</LinkName>" not in body
    else:
        assert bool(found) == (b">pubmed_pubmed</LinkName>" in body and b"<Link>" in body)


@needs_recordings
def test_recorded_posts_are_read() -> None:
    assert read_posted(Reply(200, (SHARED / "biogo" / "post_1.xml").read_bytes())).query_key == "1"
