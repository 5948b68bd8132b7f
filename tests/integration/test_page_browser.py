"""The page in a real browser: a reader's journeys by mouse, keys and thumb, and axe-core's look at every page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.paged import PI, House, digest, links, paged_lab, paged_with_digest, until, verdicts

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: `make setup-browser` adds it")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: on Debian `apt-get install chromium`")

AXE = "axe-core@4.14.1"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1600, "height": 1000}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as one:
        browser = one.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from the registry that npm is set to."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("no npm, which fetches axe-core")
    packed = subprocess.run([npm, "pack", AXE], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - a pinned package
    if packed.returncode:
        pytest.skip(f"npm cannot fetch {AXE}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as held:
        source = held.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with paged_lab(tmp_path, monkeypatch, capsys) as shell, paged_with_digest(shell) as made:
        digest(made)
        yield made


@pytest.fixture
def opened(house: House, chromium: Any) -> Iterator[Callable[..., Any]]:  # noqa: ANN401 - Playwright is not always there
    """Opens a path of the page in a browser of its own; what the console complains of fails the test."""
    contexts, complaints = [], []

    def open_(path: str, **options: Any) -> Any:  # noqa: ANN401
        context = chromium.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{house.at}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [text for text in complaints if "404" not in text] == []


def test_a_paper_is_marked_from_the_mail_on_a_phone(house: House, opened: Callable[..., Any]) -> None:
    page = opened(links(house)["4 relevant"], viewport=PHONE, has_touch=True)

    page.get_by_role("button", name="Mark as relevant").tap()
    page.get_by_role("heading", name="Marked as relevant").wait_for()

    assert page.get_by_text("What the ranking learnt").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [line for line in verdicts(house, 4) if PI in line]


def test_the_queue_is_worked_through_by_keys_alone(house: House, opened: Callable[..., Any]) -> None:
    page = opened("/triage")
    page.get_by_label("Your name").fill("anna")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    papers = page.locator(".paper").evaluate_all("all => all.map(one => one.dataset.record)")

    page.keyboard.press("j")
    for key in ("r", "i", "l"):
        done = page.locator(".is-done").count()
        page.keyboard.press(key)
        page.locator(".is-done").nth(done).wait_for()
    page.keyboard.press("k")
    page.keyboard.press("u")
    page.get_by_text("Taken back.").wait_for()

    said = [" ".join(line for line in verdicts(house, int(one)) if "anna via page" in line) for one in papers[:3]]
    assert "relevant" in said[0]
    assert "not relevant" in said[1]
    assert sum("unmarked" in " ".join(verdicts(house, int(one))) for one in papers[:3]) == 1
    page.keyboard.press("/")
    page.get_by_label("Words").wait_for()


def test_a_paper_is_searched_and_taken_along(opened: Callable[..., Any]) -> None:
    page = opened("/search")

    page.get_by_label("Words").fill("sarcopenia")
    page.keyboard.press("Enter")
    page.get_by_text("1 paper", exact=True).wait_for()
    page.get_by_role("heading", name="Narrower").wait_for()
    with page.expect_download() as waited:
        page.get_by_role("link", name="ris").click()

    assert "q=sarcopenia" in page.url
    assert page.locator("mark").first.inner_text().lower() == "sarcopenia"
    assert "TY  - " in Path(waited.value.path()).read_text()


def test_a_feed_is_found_and_read(house: House, opened: Callable[..., Any]) -> None:
    page = opened("/feeds")

    address = page.locator("a[href$='.atom']").first.get_attribute("href")

    assert "<feed" in house.browser().get(re.sub(r"^https?://[^/]+", "", address)).text


def test_a_list_is_stopped_from_the_mail(house: House, opened: Callable[..., Any]) -> None:
    page = opened(links(house)["stop"], viewport=PHONE)

    page.get_by_role("button", name="Stop this list").click()
    page.get_by_role("status").wait_for()

    until(lambda: f"{PI} stopped it" in house.shell("status").out)
    assert page.get_by_role("button", name="Send it to me again").is_visible()


def test_times_are_those_of_the_reader_from_the_first_page_on(opened: Callable[..., Any]) -> None:
    page = opened("/watches", timezone_id="America/New_York")

    page.get_by_text("Times are those of America/New_York, the time zone of your browser.").wait_for()

    assert page.locator("time").first.inner_text().endswith("03:00")
    page.goto(page.url.replace("/watches", "/operate"))
    assert page.get_by_text("America/New_York").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_on_any_page(
    house: House, opened: Callable[..., Any], axe: str, viewport: dict[str, int], scheme: str
) -> None:
    found = links(house)
    paths = [
        "/",
        "/triage",
        "/triage?show=later",
        "/triage/learnt",
        "/search",
        "/search?q=junction",
        "/search/narrower?q=junction",
        "/search?q=zebra",
        "/feeds",
        "/nowhere",
    ]
    paths += [
        "/digests",
        "/digests/lab-weekly",
        "/papers/4",
        "/watches",
        "/watches/nmj",
        "/operate",
        "/runs",
        "/deliveries",
        "/configuration",
    ]
    paths += ["/configuration/changes", found["4 relevant"], found["stop"], "/v/forged"]
    page = opened("/", viewport=viewport, color_scheme=scheme)
    wide: list[str] = []
    told: dict[str, Any] = {}

    for path in paths:
        page.goto(f"{house.at}{path}")
        page.evaluate(axe)
        broken = page.evaluate("axe.run(document).then(result => result.violations)")
        told |= {path: [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in broken]} if broken else {}
        wide += [path] if page.evaluate("document.documentElement.scrollWidth") > viewport["width"] else []

    assert told == {}, json.dumps(told, indent=1)
    assert wide == []
