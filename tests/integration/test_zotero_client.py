"""The client of Zotero's Web API before a local one: what it sends, what it makes of each answer, and how long it keeps still."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from standins.answers import Answer
from standins.zotero.library import FIELDS
from standins.zotero.server import ZoteroServer
from watcher import clock
from watcher.errors import Stopped, ZoteroError, ZoteroRefused, ZoteroUnavailable
from watcher.zotero.client import Zotero
from watcher.zotero.keys import item_key

KEY = "SAMPLEKEYSAMPLEKEY000001"
LAB = "groups/12345"
SHARED = Path(__file__).parents[3] / "shared" / "zotero"
needs_answers = pytest.mark.skipif(not SHARED.exists(), reason="the recorded and composed answers (../shared/zotero) are not here")


@pytest.fixture
def server() -> Iterator[ZoteroServer]:
    with ZoteroServer() as one:
        one.key(KEY, 77, own={"library": True, "write": True}, groups={"12345": {"library": True, "write": True}})
        one.library(LAB)
        yield one


def client(server: ZoteroServer, key: str = KEY, **more: Any) -> Zotero:  # noqa: ANN401 - whatever a client takes
    return Zotero(key, base_url=server.base_url, **more)


def test_a_request_has_the_version_and_the_key_in_headers_and_nothing_in_the_address(server: ZoteroServer) -> None:
    client(server).access()

    (asked,) = server.asked
    assert (asked.path, asked.query, asked.with_key) == ("/keys/current", {}, KEY)
    assert asked.headers["Zotero-API-Version"] == "3"
    assert not {"Expect", "Authorization"} & asked.headers.keys()


def test_a_netrc_file_adds_no_second_key(server: ZoteroServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    client(server).access()

    assert "Authorization" not in server.asked[0].headers


def test_the_key_follows_no_redirection(server: ZoteroServer) -> None:
    with ZoteroServer() as elsewhere:
        server.plant(Answer(301, "", {"Location": f"{elsewhere.base_url}keys/current"}))

        with pytest.raises(ZoteroRefused, match="answered 301"):
            client(server).access()

        assert elsewhere.asked == []


def test_rights_are_told_for_each_library(server: ZoteroServer) -> None:
    access = client(server).access()

    assert access.of("users/77") == access.of(LAB) == {"library": True, "write": True}
    assert access.of("users/78") == access.of("groups/9") == {}


def test_versions_of_a_library_that_stands_still_are_not_sent_again(server: ZoteroServer) -> None:
    library, zotero = server.library(LAB), client(server)
    library.add_item("AAAA2222")

    found = zotero.versions(LAB)

    assert found is not None
    assert (found.keys, found.library) == ({"AAAA2222": 1}, 1)
    assert zotero.versions(LAB, since=found.library) is None


def test_an_empty_list_of_versions_may_come_as_an_empty_array(server: ZoteroServer) -> None:
    found = client(server).versions(LAB)

    assert found is not None
    assert found.keys == {}


def test_versions_that_come_in_pages_are_read_to_their_end(server: ZoteroServer) -> None:
    for page in (_page({"AAAA2222": 1}, goes_on=True), _page({"BBBB2222": 2}, goes_on=True), _page({"CCCC2222": 3})):
        server.plant(page)

    found = client(server).versions(LAB)

    assert found is not None
    assert (found.keys, found.library) == ({"AAAA2222": 1, "BBBB2222": 2, "CCCC2222": 3}, 5)
    assert [one.query.get("start") for one in server.asked] == [None, "1", "2"]


@pytest.mark.parametrize("then", [({"BBBB2222": 2}, 6), ({"AAAA2222": 1}, 5)], ids=["moved", "the same again"])
def test_pages_of_versions_that_do_not_fit_together_are_no_list(server: ZoteroServer, then: tuple[dict[str, int], int]) -> None:
    server.plant(_page({"AAAA2222": 1}, goes_on=True))
    server.plant(_page(then[0], version=then[1], goes_on=True))

    with pytest.raises(ZoteroUnavailable, match="changed while it was listed"):
        client(server).versions(LAB)


def _page(keys: dict[str, int], *, version: int = 5, goes_on: bool = False) -> Answer:
    more = {"Link": '<https://elsewhere.example/items?start=99>; rel="next"'} if goes_on else {}
    return Answer(200, json.dumps(keys), {"Last-Modified-Version": str(version), **more})


@pytest.mark.parametrize("version", [-1, 2**31, 10**30, True, "5", None])
def test_a_version_that_no_database_holds_is_no_answer(server: ZoteroServer, version: object) -> None:
    server.plant(Answer(200, json.dumps({"AAAA2222": version}), {"Last-Modified-Version": "5"}))
    server.plant(Answer(200, json.dumps([{"key": "AAAA2222", "version": version, "data": {}}]), {"Last-Modified-Version": "5"}))
    server.plant(Answer(200, '{"AAAA2222": 1}', {"Last-Modified-Version": str(version)}))
    zotero = client(server)

    with pytest.raises(ZoteroUnavailable, match="none of its Web API"):
        zotero.versions(LAB)
    with pytest.raises(ZoteroUnavailable, match="none of its Web API"):
        list(zotero.items(LAB, ["AAAA2222"]))
    found = zotero.versions(LAB)
    assert found is not None
    assert found.library == (5 if version == "5" else None)


@pytest.mark.parametrize("body", ["[]", "{}"])
def test_an_empty_list_that_names_no_version_is_no_answer(server: ZoteroServer, body: str) -> None:
    server.plant(Answer(200, body), times=3)
    zotero = client(server)

    for asked in (lambda: zotero.versions(LAB), lambda: list(zotero.items(LAB, ["AAAA2222"])), lambda: zotero.collections(LAB)):
        with pytest.raises(ZoteroUnavailable, match="none of its Web API"):
            asked()


def test_collections_come_whole_from_a_server_with_smaller_pages(server: ZoteroServer) -> None:
    for keys in (["COLA2222", "COLB2222"], ["COLC2222"]):
        page = [{"key": key, "version": 1, "data": {"key": key, "name": key}} for key in keys]
        server.plant(Answer(200, json.dumps(page), {"Last-Modified-Version": "3", "Total-Results": "3"}))

    found = client(server).collections(LAB)

    assert len(found) == 3
    assert [one.query["start"] for one in server.asked] == ["0", "2"]


def test_items_are_asked_for_fifty_at_a_time_with_those_in_the_trash(server: ZoteroServer) -> None:
    library = server.library(LAB)
    keys = [library.add_item(item_key(str(number))) for number in range(120)]
    library.trash(keys[0])

    found = [one for page in client(server).items(LAB, keys) for one in page]

    assert [one.key for one in found] == keys
    assert [one.is_trashed for one in found] == [True, *[False] * 119]
    assert [len(one.query["itemKey"].split(",")) for one in server.asked] == [50, 50, 20]


def test_half_as_many_are_asked_for_where_a_gateway_gives_up(server: ZoteroServer) -> None:
    library = server.library(LAB)
    keys = [library.add_item(item_key(str(number))) for number in range(60)]
    server.plant(Answer(504, "<html><title>504 Gateway Time-out</title></html>"), times=2)

    found = [one.key for page in client(server).items(LAB, keys) for one in page]

    assert found == keys
    assert [len(one.query["itemKey"].split(",")) for one in server.asked] == [50, 25, 12, 12, 12, 12, 12]


def test_a_gateway_that_gives_up_at_five_is_out_of_order(server: ZoteroServer) -> None:
    server.plant(Answer(504, "<html></html>"), times=100)

    with pytest.raises(ZoteroUnavailable, match=r"Zotero answered 504$"):
        list(client(server).items(LAB, ["AAAA2222"]))

    assert len(server.asked) < 7


def test_collections_come_page_by_page_and_anew_when_the_library_moves_meanwhile(server: ZoteroServer) -> None:
    library = server.library(LAB)
    for number in range(130):
        library.add_collection(item_key("collection", str(number)))
    moved = False

    def move(asked: Any) -> None:  # noqa: ANN401 - what was asked
        nonlocal moved
        if asked.query.get("start") == "100" and not moved:
            moved = True
            library.add_collection("NEWC2222")

    server.on_request = move

    found = client(server).collections(LAB)

    assert {one.key for one in found} == library.collections.keys()
    assert len(server.asked) == 4


def test_a_backoff_counts_from_the_good_answer_on_which_is_not_asked_for_again(server: ZoteroServer) -> None:
    zotero = client(server)
    server.plant(Answer(0, headers={"Backoff": "30"}), headers_only=True)

    access = zotero.access()
    with pytest.raises(ZoteroUnavailable, match="asked not to be asked") as refused:
        zotero.access()

    assert access.user == 77
    assert 29 < (refused.value.retry_after or 0) <= 30
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "rests"),
    [
        (Answer(429, "Request rate limit exceeded", {"Retry-After": "70"}), 70),
        (Answer(429, "Request rate limit exceeded"), 60),
        (Answer(429, "Too many authentication failures"), 900),
        (Answer(503, "Server updates in progress.", {"Retry-After": "120"}), 120),
        (Answer(503, "Server updates in progress."), 0),
        (Answer(500, "An error occurred"), 0),
        (Answer(504, "<html></html>"), 0),
        (Answer(409, "The library is locked"), 0),
        (Answer(408, "Request Timeout"), 0),
        (Answer(425, "Too Early"), 0),
        (Answer(200, "<html>a proxy's page</html>"), 0),
        (Answer(200, '{"userID": "nobody"}'), 0),
        (Answer(0), 0),
    ],
)
def test_an_outage_says_that_it_may_pass_and_is_not_asked_before_its_time(
    server: ZoteroServer, answer: Answer, rests: float
) -> None:
    zotero = client(server)
    server.plant(answer)

    with pytest.raises(ZoteroUnavailable) as failed:
        zotero.access()

    assert failed.value.may_pass
    assert zotero.rests_for == pytest.approx(rests, abs=1)


@pytest.mark.parametrize(("status", "seconds", "rests"), [(429, 70, 70), (503, 120, 120), (429, -70, 60), (503, -70, 0)])
def test_a_wait_may_be_asked_for_by_a_date(server: ZoteroServer, status: int, seconds: int, rests: float) -> None:
    zotero = client(server)
    until = format_datetime(clock.real_now() + timedelta(seconds=seconds), usegmt=True)
    server.plant(Answer(status, "later", {"Retry-After": until}))

    with pytest.raises(ZoteroUnavailable):
        zotero.access()

    assert zotero.rests_for == pytest.approx(rests, abs=5)


@pytest.mark.parametrize(
    ("status", "said", "fix"),
    [
        (403, "Invalid key", "make a key"),
        (403, "Forbidden", "must be the key of a member"),
        (404, "Not found", "the key may not see it"),
        (400, "Zotero-API-Key header and 'key' parameter differ", ""),
        (405, "Method not allowed", ""),
        (501, "Method not implemented", "zotero.base_url"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_key(server: ZoteroServer, status: int, said: str, fix: str) -> None:
    server.plant(Answer(status, f"{said} {KEY} &quot;x&quot;"))

    with pytest.raises(ZoteroRefused) as refused:
        client(server).access()

    assert said in str(refused.value)
    assert '"x"' in str(refused.value)
    assert KEY not in str(refused.value)
    assert fix in refused.value.fix
    assert not refused.value.may_pass


def test_a_service_that_is_down_is_told_without_the_key() -> None:
    with pytest.raises(ZoteroUnavailable) as failed:
        Zotero(KEY, base_url="http://127.0.0.1:9").access()

    assert KEY not in str(failed.value)


@pytest.mark.parametrize("key", ["SAMPLE\u200bKEY", "ключ", "SAMPLE\tKEY"])
def test_a_key_with_a_sign_that_none_has_is_told_and_not_sent(server: ZoteroServer, key: str) -> None:
    with pytest.raises(ZoteroRefused, match="sign that none has") as refused:
        client(server, key).access()

    assert "make a key" in refused.value.fix
    assert key not in str(refused.value)
    assert server.asked == []


def test_nothing_is_asked_once_the_service_is_to_stop(server: ZoteroServer) -> None:
    stopping = threading.Event()
    stopping.set()

    with pytest.raises(Stopped):
        client(server, stopping=stopping).access()

    assert server.asked == []


def test_a_write_tells_what_became_of_each_object(server: ZoteroServer) -> None:
    library = server.library(LAB)
    library.add_collection("COLL2222")
    objects = [
        {"key": "NEWA2222", "version": 0, "itemType": "journalArticle", "title": "Agrin", "collections": ["COLL2222"]},
        {"key": "NEWB2222", "version": 0, "itemType": "note", "title": "Agrin"},
        {"key": "NEWC2222", "version": 0, "itemType": "journalArticle", "collections": ["GONE2222"]},
        {"key": "NEWA2222", "version": 0, "itemType": "journalArticle", "title": "Agrin again"},
    ]

    written = client(server).write(LAB, objects)

    assert written.done == {0: "NEWA2222"}
    assert {place: one.code for place, one in written.failed.items()} == {1: 400, 2: 409, 3: 412}
    assert library.filed_under("COLL2222") == ["NEWA2222"]


def test_of_a_message_that_holds_a_whole_field_the_beginning_is_told(server: ZoteroServer) -> None:
    message = f"Tag 'agrin\n{'x' * 100_000}' too long"
    server.plant(Answer(200, json.dumps({"failed": {"0": {"code": 413, "message": message}}})))

    said = client(server).write(LAB, [{}]).failed[0].message

    assert said.startswith("Tag 'agrin xxx")
    assert len(said) == 200


def test_a_template_names_its_fields_and_a_service_without_one_says_nothing(server: ZoteroServer) -> None:
    zotero = client(server)

    assert "PMID" in (zotero.template("journalArticle") or ())
    assert "PMID" not in (zotero.template("preprint") or ())
    assert zotero.template("generic") is None
    server.plant(Answer(200, "{}"))
    assert zotero.template("journalArticle") is None


def test_a_derived_key_is_always_the_same_and_of_the_right_signs() -> None:
    keys = {item_key("groups/12345", "ABCD2345", str(number)) for number in range(1_000)}

    assert item_key("groups/12345", "ABCD2345", "7") == item_key("groups/12345", "ABCD2345", "7")
    assert len(keys) == 1_000
    assert {len(key) for key in keys} == {8}
    assert set("".join(keys)) <= set("23456789ABCDEFGHIJKLMNPQRSTUVWXYZ")


# --- every recorded and composed answer -------------------------------------------------------------------------------------------


def _answers(folder: str) -> list[Path]:
    return sorted((SHARED / folder).glob("*")) if SHARED.exists() else []


def _of_file(path: Path) -> Answer:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".http":
        head, _, body = text.partition("\n\n")
        first, *lines = head.splitlines()
        return Answer(int(first.split()[1]), body, dict(line.split(": ", 1) for line in lines))
    return Answer(int(path.name[:3]), text)


@needs_answers
@pytest.mark.parametrize("path", _answers("errors"), ids=lambda path: path.name)
def test_every_error_ends_a_read_and_a_write_with_a_sentence(server: ZoteroServer, path: Path) -> None:
    server.plant(_of_file(path), times=2)

    for ask in (lambda: client(server).access(), lambda: client(server).write(LAB, [{}])):
        with pytest.raises(ZoteroError, match=r"^Zotero answered \d{3}") as failed:
            ask()
        assert failed.value.may_pass == (path.name[:3] in ("429", "500", "503", "504"))


@needs_answers
@pytest.mark.parametrize("path", _answers("write"), ids=lambda path: path.name)
def test_every_answer_to_a_write_is_understood(server: ZoteroServer, path: Path) -> None:
    body = json.loads(path.read_text(encoding="utf-8"))
    server.plant(Answer(200, json.dumps(body)))

    written = client(server).write(LAB, [{}])

    told = {int(place) for part in ("success", "successful", "unchanged") for place in body.get(part, {})}
    assert written.done.keys() == told - written.failed.keys()
    assert {place: one.code for place, one in written.failed.items()} == {int(p): one["code"] for p, one in body["failed"].items()}
    assert all(written.done.values())


@needs_answers
@pytest.mark.parametrize(
    "path", [one for one in _answers("read") if "items" in one.name and "versions" not in one.name], ids=lambda p: p.name
)
def test_every_list_of_items_is_understood(server: ZoteroServer, path: Path) -> None:
    listed = json.loads(path.read_text(encoding="utf-8"))
    server.plant(Answer(200, json.dumps(listed)))
    keys = [one["key"] for one in listed]

    found = [one for page in client(server).items(LAB, keys[:50]) for one in page]

    assert [one.key for one in found] == keys[:50]


@needs_answers
@pytest.mark.parametrize(
    "path", [one for one in _answers("read") if "collections" in one.name and "versions" not in one.name], ids=lambda p: p.name
)
def test_every_list_of_collections_is_understood(server: ZoteroServer, path: Path) -> None:
    listed = json.loads(path.read_text(encoding="utf-8"))
    server.plant(Answer(200, json.dumps(listed)))

    found = client(server).collections(LAB)

    assert [one.key for one in found] == list(dict.fromkeys(one["key"] for one in listed))


@needs_answers
@pytest.mark.parametrize("path", sorted(SHARED.glob("read/keys_current*.json")), ids=lambda path: path.name)
def test_every_key_document_is_understood(server: ZoteroServer, path: Path) -> None:
    server.plant(Answer(200, path.read_text(encoding="utf-8")))

    assert client(server).access().user > 0


@needs_answers
def test_a_collection_in_the_trash_says_so(server: ZoteroServer) -> None:
    server.plant(Answer(200, (SHARED / "read" / "collection_trashed.json").read_text(encoding="utf-8")))

    assert client(server).collection(LAB, "QM6T3KHX").is_trashed


@needs_answers
def test_the_fields_of_the_stand_in_are_those_of_the_schema() -> None:
    schema = json.loads((SHARED / "template" / "schema_41_types_and_fields.json").read_text(encoding="utf-8"))
    known = {one["itemType"]: {field["field"] for field in one["fields"]} for one in schema["itemTypes"]}

    for name in ("journalArticle", "preprint", "book", "bookSection"):
        assert set(FIELDS[name]) - {"creators"} <= known[name]
