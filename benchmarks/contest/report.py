"""Results -> Markdown tables and a picture, for docs/ranking.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from contest.measures import Floats, Values, ratio, units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {"cf": "Cystic Fibrosis", "med": "MED", "hoc": "Hallmarks of Cancer"}
OURS, OTHERS = ("#0b5fa5", "#63b8ff"), ("#8a8a8a", "#b98b3e", "#5f9e6e", "#a86aa4", "#c4553b", "#5aa0b8")


class Standing(NamedTuple):
    """What the methods reached in one task: method -> set -> units (`contest.measures.units`); which methods are ours."""

    results: Mapping[str, Mapping[str, Floats]]
    ours: Sequence[str]

    @property
    def sets(self) -> list[str]:
        """The sets, by name."""
        return sorted(self.results[self.ours[0]])

    def mean(self, method: str, name: str) -> float:
        """A method's mean in one set."""
        return float(self.results[method][name].mean())

    def overall(self, method: str) -> float:
        """The mean of its means."""
        return float(np.mean([self.mean(method, name) for name in self.sets]))

    def against(self, mine: str, method: str) -> str:
        """How many times better one of ours is, with the interval."""
        found = ratio(*([self.results[one][name] for name in self.sets] for one in (mine, method)))
        return f"{found.value:.2f} ({found.low:.2f}–{found.high:.2f})"

    def ahead(self, mine: str, method: str) -> str:
        """In how many sets it is ahead."""
        won = sum(self.mean(mine, name) > self.mean(method, name) for name in self.sets)
        return f"{won} of {len(self.sets)}"


def standing(results: Mapping[str, Values], ours: Sequence[str]) -> Standing:
    """The methods' results by set."""
    return Standing({method: units(values) for method, values in results.items()}, [one for one in ours if one in results])


def table(found: Standing, sizes: Mapping[str, tuple[int, int]]) -> str:
    """One row for each set with its papers and topics, the best in bold; then means, ratios, and the sets in which ours are ahead."""
    methods = list(found.results)
    rows = [
        ["Set", "papers", "topics", *methods],
        ["---", "---:", "---:", *("---:" for _ in methods)],
        *(
            [called(name), *map("{:,}".format, sizes[name]), *_bold([found.mean(one, name) for one in methods])]
            for name in found.sets
        ),
        ["**mean of the sets**", "", "", *_bold([found.overall(one) for one in methods])],
    ]
    for mine in found.ours:
        rows += [
            [f"{mine} / method", "", "", *("" if one in found.ours else found.against(mine, one) for one in methods)],
            [f"sets with {mine} ahead", "", "", *("" if one in found.ours else found.ahead(mine, one) for one in methods)],
        ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def called(name: str) -> str:
    """A set as a reader calls it: "syn_Chou_2004" is the review Chou 2004."""
    return NAMES.get(name, re.sub("^(syn|coh|oth) ", "review ", name.replace("_", " ")))


def prepare(page: Path, titles: Mapping[str, str]) -> None:
    """Give the page a heading and a place for each marker that it does not have; make it when it is not there."""
    said = page.read_text(encoding="utf-8") if page.exists() else ""
    absent = [f"## {title}\n\n<!-- {one} -->\n<!-- /{one} -->\n" for one, title in titles.items() if f"<!-- {one} -->" not in said]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(filter(None, (said, *absent))), encoding="utf-8")


def into(page: Path, marker: str, text: str) -> None:
    """Put text between `<!-- marker -->` and `<!-- /marker -->` of a page. Raises ValueError when they are not there."""
    said = page.read_text(encoding="utf-8")
    found = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    if not found.search(said):
        raise ValueError(f"{page}: no <!-- {marker} --> … <!-- /{marker} --> to write between")
    page.write_text(found.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", said), encoding="utf-8")


def picture(tasks: Mapping[str, Standing], path: Path) -> None:
    """One panel for each task, one line for each set, one mark for each method; the same results give the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415 - the tables do without
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams.update({"svg.hashsalt": "watcher", "svg.fonttype": "none", "font.size": 9})
    colours = _colours(tasks.values())
    lines = [len(found.sets) for found in tasks.values()]
    figure = Figure(figsize=(8, 1.4 + 0.27 * sum(lines)), layout="constrained")
    panels = figure.subplots(len(tasks), 1, gridspec_kw={"height_ratios": lines}, squeeze=False)[:, 0]
    for panel, (title, found) in zip(panels, tasks.items(), strict=True):
        _panel(panel, title, found, colours)
    figure.savefig(path, metadata={"Date": None})


def _colours(tasks: Iterable[Standing]) -> dict[str, str]:
    """A colour for each method, the same in all tasks."""
    rivals, ours = {}, {}
    for found in tasks:
        rivals.update(dict.fromkeys(method for method in found.results if method not in found.ours))
        ours.update(dict.fromkeys(found.ours))
    return dict([*zip(rivals, OTHERS, strict=False), *zip(ours, OURS, strict=False)])


def _panel(panel: Axes, title: str, found: Standing, colours: Mapping[str, str]) -> None:
    heights = np.arange(len(found.sets))[::-1]
    for method in found.results:
        size = 70 if method in found.ours else 28
        means = [found.mean(method, name) for name in found.sets]
        panel.scatter(means, heights, s=size, color=colours[method], label=method, zorder=3)
    panel.set_yticks(heights, [called(name) for name in found.sets])
    panel.set_title(title, loc="left", fontweight="bold")
    panel.set_xlim(0, None)
    panel.grid(axis="y", color="#e4e4e4")
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _bold(numbers: Sequence[float]) -> list[str]:
    shown = [f"{number:.3f}".lstrip("0") for number in numbers]
    return [f"**{text}**" if number == max(numbers) else text for number, text in zip(numbers, shown, strict=True)]
