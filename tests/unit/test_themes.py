"""Themes in a digest: whose they are, in which order their headings stand, and the file that a lab edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.digest_samples import digest, entry
from support.digest_samples import paper as sample
from support.flow_samples import ALS, NMJ, WEEKLY, Desk
from support.rehearsal import Lab, lab

from standins.eutils.papers import paper
from watcher import rank
from watcher.app import App
from watcher.config.themes import ThemesRead, read_themes
from watcher.domain import Article, Theme, Watch
from watcher.flows.compose.themes import Facets, counts, document, sorting
from watcher.rank.themes import found
from watcher.setup.loading import load_settings

Desks = Callable[..., Desk]

AGE, GLIA = Theme("Ageing", ("aged",)), Theme("Glia", ("glia",))


def by_title(*themes: Theme) -> Facets:
    """Sorts by the words of the title."""

    def fits(article: Article) -> str | None:
        return next((theme.name for theme in themes if any(word in article.title for word in theme.words)), None)

    return Facets(themes, fits, "a test")


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with lab(tmp_path, [], monkeypatch) as made:
        made.move_clock("2026-03-02T09:00")
        yield made


def test_a_list_that_groups_by_theme_sorts_what_is_no_pick(at_desk: Desks) -> None:
    titles = {1: "The neuromuscular junction and glia", 2: "The neuromuscular junction, aged", 3: "The neuromuscular junction"}
    one = at_desk(*(paper(pmid, title=title, created="2026-03-04") for pmid, title in titles.items()))
    one.lists = [replace(WEEKLY, top=0, group_by="theme")]
    one.facets = lambda _watch: by_title(AGE, GLIA)
    one.tick("2026-03-02T09:00")

    composed = one.digest("2026-03-09T07:00")

    assert [(item.article.record_id.id, item.theme) for item in composed.items] == [(2, "Ageing"), (1, "Glia"), (3, "")]


def test_a_list_that_groups_by_watch_asks_for_no_themes(at_desk: Desks) -> None:
    def never(_watch: Watch) -> Facets:
        pytest.fail("no theme is asked for")

    one = at_desk(paper(1, title="The neuromuscular junction", created="2026-03-04"))
    one.facets = never
    one.tick("2026-03-02T09:00")

    assert [item.theme for item in one.digest("2026-03-09T07:00").items] == [""]


def test_of_several_watches_each_paper_is_sorted_by_those_of_its_best() -> None:
    facets = {NMJ.name: by_title(AGE, GLIA), ALS.name: by_title(GLIA, Theme("Genes", ("aged",)))}

    names, heading = sorting(("nmj", "als"), facets)

    items = digest([entry(sample(1, "aged"), watches={"nmj": 60}), entry(sample(2, "aged"), watches={"als": 90, "nmj": 40})]).items
    assert names == ("Ageing", "Glia", "Genes")
    assert {item.article.record_id.id % 10: heading(item) for item in items} == {1: "Ageing", 2: "Genes"}


def test_a_watch_without_themes_sorts_nothing() -> None:
    names, heading = sorting(("nmj",), {})

    assert names == ()
    assert heading(digest([entry(sample(1))]).items[0]) == ""


def test_counts_tell_what_each_theme_gets_and_the_rest() -> None:
    assert counts(by_title(AGE, GLIA), [sample(1, "glia"), sample(2, "glia"), sample(3, "x")]) == {"Glia": 2, None: 1}


def test_a_written_file_reads_back_as_what_was_found(tmp_path: Path) -> None:
    odd = (Theme("Yes: no", ("myastheni*", "on", "SOD1 [mice]")), Theme("ALS", ("Charcot-Marie-Tooth", "# 5 genes", "café")))

    (tmp_path / "nmj.yaml").write_text(document("nmj", odd), encoding="utf-8")

    assert read_themes(tmp_path, ["nmj"]) == ThemesRead({"nmj": odd})


def test_what_the_shipped_seeds_give_is_a_file_that_can_be_read(one: Lab) -> None:
    with App(load_settings(one.config)) as app:
        watch = next(iter(app.watches.values()))
        themes = app.themes.found(watch)

    folder = one.config.parent / "themes"
    folder.mkdir()
    (folder / f"{watch.name}.yaml").write_text(document(watch.name, themes), encoding="utf-8")

    assert themes
    assert load_settings(one.config).themes[watch.name] == themes


def test_a_file_comes_before_the_seeds_and_sorts_by_its_words(one: Lab) -> None:
    with App(load_settings(one.config)) as app:
        watch = next(iter(app.watches.values()))
        assert app.themes.facets(watch).origin == "found from the seeds"
        assert app.themes.facets(watch).themes == found(app.resolved(watch), rank.load_background())
    (one.config.parent / "themes").mkdir()
    (one.config.parent / "themes" / f"{watch.name}.yaml").write_text("Ageing: [aged]\n")

    with App(load_settings(one.config)) as app:
        facets = app.themes.facets(watch)

    assert facets.origin.endswith(f"{watch.name}.yaml")
    assert [facets.fits(sample(1, title)) for title in ("Aged mice", "Young mice")] == ["Ageing", None]
