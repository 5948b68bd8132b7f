"""The HTML mail in a real browser: narrow and wide, light and dark, calm and hostile. Measured in headless Chromium, by its layout.

Each mail stands in a frame of the width of a mail client's window, since Chromium's own window is never narrower than 500 pixels.
"""

from __future__ import annotations

import html as html_escape
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.digest_samples import WEEKLY, digest, empty, entry, first, full, many, paper, ris

from watcher.digest import notice
from watcher.digest.render import preview
from watcher.domain import ChannelKind, Digest, Notice, Reasons, Term, pubmed_id

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--virtual-time-budget=5000",
)  # fmt: skip
WIDTHS = (360, 680)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

MEASURE = """
const seen = {};
for (const frame of document.querySelectorAll('iframe')) {
  const page = frame.contentDocument, width = frame.clientWidth;
  const style = (name) => { const one = page.querySelector(name); return one ? frame.contentWindow.getComputedStyle(one) : {}; };
  const shown = [...page.body.querySelectorAll('*')].filter((one) => one.getClientRects().length);
  const over = shown.filter((one) => { const box = one.getBoundingClientRect(); return box.right > width + 1 || box.left < -1; });
  seen[frame.id] = {
    width, scroll: page.documentElement.scrollWidth, height: page.documentElement.scrollHeight,
    over: over.map((one) => one.outerHTML.slice(0, 120)),
    picks: [...page.querySelectorAll('.pick')].map((one) => one.getBoundingClientRect().bottom),
    narrowest: Math.min(...[...page.querySelectorAll('.h3, .ct')].map((one) => one.getBoundingClientRect().width)),
    smallest: Math.min(...shown.filter((one) => one.innerText?.trim()).map((one) => parseFloat(
      frame.contentWindow.getComputedStyle(one).fontSize))),
    underlined: [...page.querySelectorAll('.t')].every(
      (one) => frame.contentWindow.getComputedStyle(one).textDecorationLine === 'underline'),
    ground: style('.card').backgroundColor, ink: style('.t').color, text: style('.card').color, link: style('.a').color,
    hidden: page.querySelector('.pre').getClientRects().length === 0, words: page.body.innerText,
  };
}
const out = document.createElement('pre'); out.id = 'seen'; out.textContent = JSON.stringify(seen); document.body.append(out);
"""


def hostile() -> Digest:
    """Words that never end, right-to-left titles, deep markup."""
    return digest(
        [
            entry(paper(1, "x" * 1_000, title_markup="<i>" + "x" * 350 + "</i>"), 99),
            entry(paper(2, "Deoxyribonucleoside" * 20, doi="10.9999/" + "y" * 400), 98),
            entry(paper(3, "دراسة عينة حول الوصل العصبي العضلي (sample)"), 97),
            entry(paper(4, "W" * 380), 40, also=((pubmed_id(1), "preprint in " + "Proceedings " * 8),), note="n" * 200),
        ],
        list_=replace(WEEKLY, title="T" * 100, top=2),
    )


def usual() -> Digest:
    """A week like most: titles of 110 characters, conclusions of 200, two watches, seeds with long titles."""
    title = (
        "A sample title on muscle-derived agrin signalling and endplate innervation in the ageing mice of this made-up trial {}."
    )
    told = "Taken together, our made-up results place perisynaptic glia upstream of denervation, many weeks before the first motor neurons "
    reasons = Reasons(
        (Term("perisynaptic Schwann cells", 0.4), Term("endplate innervation", 0.3), Term("denervation", 0.2)),
        (Term("Sarcopenia", 0.1),),
        "",
    )
    papers = [
        entry(
            paper(
                number, title.format(number), abstract=f"{told}are lost in the legs of aged sample mice of group {number}, at last."
            ),
            90 - number,
            watches={"nmj": 90 - number, "als": 70},
            reasons=replace(
                reasons, nearest_seed=f"A made-up seed of some length on how the synapse is built and lost, volume {number % 2}"
            ),
        )
        for number in range(1, 10)
    ]
    return digest(papers)


DIGESTS: dict[str, Callable[[], Digest]] = {
    "full": full,
    "usual": usual,
    "first": first,
    "empty": empty,
    "hostile": hostile,
    "crowded": lambda: digest(many(80, title_length=1_000), list_=replace(WEEKLY, limit=0)),
}


FAILS = Notice(
    "watch:nmj",
    datetime(2026, 3, 3, 4, 31, tzinfo=UTC),
    headline=f"Watch {'neuromuscular-' * 8} has not been searched since 2 March: PubMed does not answer",
    what=f"It said: {'x' * 900}",
    todo=f"Look at `{'y' * 200}`, then try `watcher check --online`.",
)
WORKS = replace(
    FAILS,
    headline="Watch nmj is searched again",
    what="4 tries had failed.",
    todo="",
    recovered_at=datetime(2026, 3, 5, tzinfo=UTC),
)
NOTICES = {"fails": FAILS, "works": WORKS}


def pages() -> dict[str, str]:
    """The HTML of every digest and notice."""
    mails = {name: notice.render(one, [ChannelKind.EMAIL], zone="Europe/Berlin")[0] for name, one in NOTICES.items()}
    return {name: preview(made(), "html", ris) for name, made in DIGESTS.items()} | {
        n: one.payload["html"] for n, one in mails.items()
    }


def measured(folder: Path, *flags: str) -> dict[str, Any]:
    """What Chromium makes of every page at every width, by "name-width"."""
    assert BROWSER is not None
    frames = "".join(
        f'<iframe id="{name}-{width}" style="border:0;width:{width}px;height:600px" srcdoc="{html_escape.escape(document)}"></iframe>'
        for name, document in pages().items()
        for width in WIDTHS
    )
    wrapper = folder / "wrapper.html"
    wrapper.write_text(
        f'<!DOCTYPE html><html style="color-scheme:light dark"><meta charset="utf-8"><body>{frames}'
        f"<script>addEventListener('load', () => {{{MEASURE}}});</script></body></html>",
        encoding="utf-8",
    )
    command = [BROWSER, *QUIET, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", wrapper.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 -- our own arguments
    if done.returncode != 0:
        pytest.skip(f"Chromium does not start here: {done.stderr.strip()[-200:]}")
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    seen: dict[str, Any] = json.loads(html_escape.unescape(found[1]))
    return seen


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return measured(tmp_path_factory.mktemp("light"), "--blink-settings=preferredColorScheme=1")


@pytest.fixture(scope="module")
def dark(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return measured(tmp_path_factory.mktemp("dark"), "--blink-settings=preferredColorScheme=0")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*DIGESTS, *NOTICES])
def test_nothing_reaches_beyond_the_window(light: dict[str, Any], name: str, width: int) -> None:
    seen = light[f"{name}-{width}"]

    assert seen["scroll"] <= seen["width"]
    assert seen["over"] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_titles_keep_most_of_the_line_beside_their_score(light: dict[str, Any], width: int) -> None:
    seen = light[f"full-{width}"]

    assert seen["narrowest"] >= 0.75 * width


@pytest.mark.parametrize("name", ["usual", "full"])
def test_a_phone_shows_three_picks_in_the_first_1500_pixels(light: dict[str, Any], name: str) -> None:
    picks = light[f"{name}-360"]["picks"]

    assert len(picks) >= 3
    assert picks[2] <= 1_500


def test_titles_look_like_links(light: dict[str, Any], dark: dict[str, Any]) -> None:
    for seen in (light["full-680"], dark["full-680"]):
        assert seen["underlined"]
        assert seen["ink"] == seen["link"] != seen["text"]


def test_no_text_is_smaller_than_a_phone_shows_well(light: dict[str, Any]) -> None:
    assert min(seen["smallest"] for name, seen in light.items() if not name.startswith("crowded")) >= 12


def test_the_preheader_is_never_seen(light: dict[str, Any], dark: dict[str, Any]) -> None:
    assert all(seen["hidden"] for seen in (*light.values(), *dark.values()))


def test_a_hostile_title_is_all_words_and_no_markup(light: dict[str, Any]) -> None:
    assert "x" * 350 in light["hostile-360"]["words"].replace("\n", "")
    assert "<i>" not in light["hostile-360"]["words"]


def test_dark_mode_wins_over_the_inlined_colours(light: dict[str, Any], dark: dict[str, Any]) -> None:
    by_day, by_night = light["full-680"], dark["full-680"]

    assert by_day["ground"] == "rgb(255, 255, 255)"
    assert max(channels(by_night["ground"])) < 60
    assert all(min(channels(by_night[what])) > 100 for what in ("ink", "text", "link"))
    assert all(max(channels(by_day[what])) < 120 for what in ("ink", "text", "link"))


def test_dark_mode_holds_for_notices_too(light: dict[str, Any], dark: dict[str, Any]) -> None:
    for name in NOTICES:
        assert max(channels(light[f"{name}-680"]["text"])) < 120
        assert max(channels(dark[f"{name}-680"]["ground"])) < 60
        assert min(channels(dark[f"{name}-680"]["text"])) > 100


def test_dark_mode_changes_colours_and_nothing_else(light: dict[str, Any], dark: dict[str, Any]) -> None:
    assert {name: seen["height"] for name, seen in dark.items()} == {name: seen["height"] for name, seen in light.items()}


def channels(colour: str) -> list[int]:
    """The numbers of "rgb(1, 2, 3)"."""
    return [int(part) for part in re.findall(r"\d+", colour)]
