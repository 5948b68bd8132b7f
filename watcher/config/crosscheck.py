"""What ties the configuration's sections together, and to the folders around it.

The problems are sought in the merged values as they were written, not in valid settings, so that they are told together with all
others. The warnings are sought in valid settings: what is allowed, but hardly meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from watcher.config.document import KeyPath, is_showable
from watcher.config.sections import WatchSection
from watcher.config.settings import Settings
from watcher.config.suggest import nearest
from watcher.config.without_effect import set_without_effect
from watcher.domain import Carries, ChannelKind, Code, Warned
from watcher.errors import Place, Problem
from watcher.unreadable import is_absence, is_folder, is_there, mend, unlisted

SEEDS = "seeds"
"""The folder, below home, that holds the seeds' folders."""

_RESERVED = re.compile(r"(^|\.)(example|invalid|test|example\.(com|net|org))\.?$", re.IGNORECASE)
"""Domains that belong to nobody, for examples (RFC 2606)."""
_SLACK_EXAMPLE = re.compile(r"/T0+/B0+/X+|/token_?a/", re.IGNORECASE)
_CUT = tuple(one for one in ChannelKind if one.facts.carries is Carries.AS_SAID)
"""The kinds that `top_only` makes a difference to."""
_CUT_ONES = " or ".join(one.facts.label for one in _CUT)
_SHORT = tuple(one for one in ChannelKind if one.facts.carries is Carries.TOP)
"""The kinds that never carry more."""
_SHORT_ONES = " or ".join(one.facts.label for one in _SHORT)
_PUBMED = "eutils.ncbi.nlm.nih.gov"

_Where = Callable[[KeyPath], Place]


def problems_in(values: Mapping[str, Any], home: Path, place: _Where) -> Iterator[Problem]:
    """Names that nothing bears, and folders and files that are not there.

    Args:
        values: the merged values of all layers, right or wrong.
        home: where relative paths start.
        place: where a key was written.
    """
    yield from _unknown_names(values, place)
    yield from _renamed(values, place)
    yield from _without_seeds(values, place)
    yield from _missing_seeds(values, home / SEEDS, place)
    yield from _highlights(values, place)
    yield from _cut_short(values, place)
    yield from _tokens(values, place)
    yield from _without_library(values, place)


def warnings_for(settings: Settings, home: Path, place: _Where) -> Iterator[Warned]:
    """What loads but will hardly do what the lab wants."""
    if urlsplit(settings.pubmed.base_url).hostname == _PUBMED and _is_example(settings.pubmed.email.rpartition("@")[2]):
        fix = "write your own: NCBI asks for it"
        yield Warned(Code.EXAMPLE_ADDRESS, "this is still the example address", fix, place(("pubmed", "email")))
    for name in settings.channels:
        yield from _example_addresses(settings, name, place)
    yield from _unused(settings, place)
    yield from _pushing_nothing(settings, place)
    yield from _cutting_nothing(settings, place)
    yield from _lifted_by_nothing(settings, place)
    yield from _not_there(settings, home, place)
    for key in set_without_effect(settings):
        fix = "take it out until then; the README lists what is not there yet"
        yield Warned(Code.WITHOUT_EFFECT, "this key has no effect in this version", fix, place(key))


# --- problems ----------------------------------------------------------------------------------------------------------------


def _unknown_names(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    for name, section in _named(values, "lists"):
        for kind in ("watches", "channels"):
            for position, wanted in _texts(section.get(kind)):
                yield from _unless_known(wanted, kind, values, place(("lists", name, kind, position)))
    alerts = values.get("alerts")
    told_on = alerts.get("channel") if isinstance(alerts, Mapping) else None
    if isinstance(told_on, str):
        yield from _unless_known(told_on, "channels", values, place(("alerts", "channel")))


def _unless_known(wanted: str, kind: str, values: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    known = [name for name, _ in _named(values, kind)]
    if wanted not in known:
        one = {"watches": "watch", "channels": "channel"}[kind]
        fix = f"write one of: {', '.join(known)}" if known else f"write it under {kind}:"
        yield Problem(f"there is no {one}{_quoted(wanted)}", _did_you_mean(wanted, known) or fix, place)


def _renamed(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    known = [name for name, _ in _named(values, "watches")]
    taken: dict[str, str] = {}
    for name, section in _named(values, "watches"):
        was = section.get("was")
        if not isinstance(was, str):
            continue
        where = place(("watches", name, "was"))
        if was == name:
            yield Problem("a watch cannot have been itself", "write its former name, or remove the key", where)
        elif was in known:
            yield Problem(f"the watch{_quoted(was)} is still there", f"remove that watch, or remove `was` from {name}", where)
        elif was in taken:
            yield Problem(f"{taken[was]} was{_quoted(was)} already", "only one watch can keep what another has seen", where)
        else:
            taken[was] = name


def _without_seeds(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    for name, section in _named(values, "watches"):
        if not section.get("seeds") and not section.get("seeds_from") and "seeds" not in section:
            fix = "write for example seeds: [nmj], or name a collection of Zotero in seeds_from"
            yield Problem("seeds is missing", fix, place(("watches", name, "seeds")))


def _missing_seeds(values: Mapping[str, Any], seeds: Path, place: _Where) -> Iterator[Problem]:
    for name, section in _named(values, "watches"):
        for position, folder in _texts(section.get("seeds")):
            path = seeds / folder
            where = place(("watches", name, "seeds", position))
            error = unlisted(path)
            if error is not None and is_absence(error):
                there = sorted(one.name for one in seeds.iterdir() if is_folder(one)) if unlisted(seeds) is None else []
                named = f"the folder {path}" if is_showable(folder) else "it"
                fix = _did_you_mean(folder, there) or f"create {named} and put one or more papers into it"
                yield Problem(f"there is no folder{_quoted(folder)} in {seeds}", fix, where)
            elif error is not None:
                yield Problem(f"the folder {path} cannot be read: {error.strerror}", mend(path, error), where)
            elif not any(path.iterdir()):
                yield Problem(
                    f"the folder {path} is empty", "put one or more papers into it; docs/configuration.md says how", where
                )


def _without_library(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    section = values.get("zotero")
    if not isinstance(section, Mapping) or section.get("library"):
        return
    for name in ("mark_known", "leave_out_known", "push"):
        if _is_on(section.get(name)) or isinstance(section.get(name), Mapping):
            yield Problem(f"{name} needs a library", "write for example library: groups/12345", place(("zotero", name)))


def _highlights(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    fields = WatchSection.model_fields
    for name, section in _named(values, "watches"):
        threshold, highlight = (_number(section.get(key, fields[key].default)) for key in ("threshold", "highlight"))
        if threshold is not None and highlight is not None and highlight < threshold:
            what = f"highlight ({highlight:g}) is below threshold ({threshold:g})"
            yield Problem(what, f"write auto, or {threshold:g} or more", place(("watches", name, "highlight")))


def _cut_short(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    """Lists whose channels get the first post alone, while nobody gets the rest."""
    kinds = {name: section.get("kind") for name, section in _named(values, "channels")}
    for name, section in _named(values, "lists"):
        served = [kinds[channel] for _, channel in _texts(section.get("channels")) if channel in kinds]
        top_only, are_short = _is_on(section.get("top_only")), [kind in _SHORT for kind in served]
        if served and all(are_short) and not top_only:
            what = f"{_SHORT_ONES} carries a digest's best papers alone: the list's readers would never see the rest"
            fix = "name a channel of mail in the list too, or write `top_only: true` if that is meant"
            yield Problem(what, fix, place(("lists", name, "channels")))
        elif top_only and not all(are_short) and all(kind in _CUT + _SHORT for kind in served):
            what = "no other channel of the list carries the whole digest: its readers would never see the rest"
            yield Problem(what, "name a channel of mail in the list too, or remove the key", place(("lists", name, "top_only")))


def _tokens(values: Mapping[str, Any], place: _Where) -> Iterator[Problem]:
    """Readers without a token, or with another one's, which could not be revoked alone."""
    feeds = values.get("feeds")
    first: dict[str, str] = {}
    for name, section in _named(feeds if isinstance(feeds, Mapping) else {}, "tokens"):
        token, where = section.get("token"), place(("feeds", "tokens", name))
        if token is None and section.get("token_file") is None:
            yield Problem(f"{name} has no token", "write `token_file:` with the file that holds it, or `token:`", where)
        elif isinstance(token, str) and token in first:
            yield Problem(f"{name} has the token of {first[token]}", "give each reader one of their own", where)
        elif isinstance(token, str):
            first[token] = name


# --- warnings ----------------------------------------------------------------------------------------------------------------


def _example_addresses(settings: Settings, name: str, place: _Where) -> Iterator[Warned]:
    channel = settings.channel(name)
    hosts = re.findall(r"(?<=[@/])[A-Za-z0-9.-]+", channel.url)
    if any(map(_is_example, hosts)) or _SLACK_EXAMPLE.search(channel.url):
        fix = "write your server's; docs/configuration.md shows how, and `watcher send-test` tries it"
        what = f"{name} still has the example address: nothing will arrive"
        yield Warned(Code.EXAMPLE_ADDRESS, what, fix, place(("channels", name, "url")))
    for position, address in enumerate(channel.to):
        if _is_example(address.rpartition("@")[2]):
            what = f"{address} is still an example address"
            yield Warned(Code.EXAMPLE_ADDRESS, what, "write your own", place(("channels", name, "to", position)))


def _unused(settings: Settings, place: _Where) -> Iterator[Warned]:
    listed = {watch for section in settings.lists.values() for watch in section.watches}
    for name in settings.watches:
        if name not in listed:
            what = f"no list has the watch {name}: its papers reach nobody"
            yield Warned(Code.UNLISTED_WATCH, what, "name it in a list", place(("watches", name)))
    if not settings.watches:
        yield Warned(Code.NO_WATCH, "there is no watch: nothing is looked for", "describe one under watches:", place(()))


def _cutting_nothing(settings: Settings, place: _Where) -> Iterator[Warned]:
    for name, section in settings.lists.items():
        kinds = [settings.channels[one].kind for one in section.channels]
        if section.top_only and not any(kind in _CUT for kind in kinds) and not all(kind in _SHORT for kind in kinds):
            what = f"no channel of the list {name} is {_CUT_ONES}: the key has no effect"
            fix = f"take it out, or name a channel of {_CUT_ONES} in the list"
            yield Warned(Code.WITHOUT_EFFECT, what, fix, place(("lists", name, "top_only")))


def _pushing_nothing(settings: Settings, place: _Where) -> Iterator[Warned]:
    section = settings.zotero
    if section is None:
        return
    if section.collection and section.push is None:
        what, fix = (
            "nothing is pushed into this collection: there is no `zotero.push`",
            "write push: {what: relevant}, or remove the key",
        )
        yield Warned(Code.WITHOUT_EFFECT, what, fix, place(("zotero", "collection")))
    if section.push is not None and section.api_key is None:
        what, fix = "nothing can be pushed: there is no key to Zotero", "put one into a file, and name it in zotero.api_key_file"
        yield Warned(Code.WITHOUT_EFFECT, what, fix, place(("zotero", "push")))


def _lifted_by_nothing(settings: Settings, place: _Where) -> Iterator[Warned]:
    lists = settings.vocabulary.names if settings.vocabulary else ()
    known = [PurePosixPath(one).stem for one in lists]
    for name, section in settings.watches.items():
        for position, wanted in enumerate(section.lift):
            if wanted not in known:
                fix = _did_you_mean(wanted, known) or "name its file under vocabulary: names:"
                what = f"there is no word list {wanted}: it lifts nothing"
                yield Warned(Code.UNKNOWN_WORD_LIST, what, fix, place(("watches", name, "lift", position)))


def _not_there(settings: Settings, home: Path, place: _Where) -> Iterator[Warned]:
    wanted: list[tuple[KeyPath, str]] = []
    if settings.vocabulary:
        wanted += [(("vocabulary", "chips"), settings.vocabulary.chips)] if settings.vocabulary.chips else []
        wanted += [(("vocabulary", "names", position), one) for position, one in enumerate(settings.vocabulary.names)]
    if settings.projects:
        wanted.append((("projects", "folder"), settings.projects.folder))
    for key, named in wanted:
        if not is_there(home / named):
            what = f"there is no {home / named}: it has no effect"
            yield Warned(Code.MISSING_FILE, what, "create it, or remove the key", place(key))


def _is_example(host: str) -> bool:
    return bool(_RESERVED.search(host))


# --- what was written ----------------------------------------------------------------------------------------------------------


def _named(values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    sections = values.get(kind)
    if isinstance(sections, Mapping):
        yield from ((name, section if isinstance(section, Mapping) else {}) for name, section in sections.items())


def _texts(value: object) -> Iterator[tuple[int, str]]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from ((position, one) for position, one in enumerate(value) if isinstance(one, str) and one)


def _number(value: object) -> float | None:
    """A number as pydantic would take it; what is none is told elsewhere."""
    try:
        return float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _is_on(value: object) -> bool:
    """Whether pydantic would take a value for true."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("1", "true", "t", "on", "yes", "y"))


def _did_you_mean(wanted: str, known: Sequence[str]) -> str:
    near = nearest(wanted, known)
    return f"did you mean {near}?" if near else ""


def _quoted(text: str) -> str:
    return f" {text!r}" if is_showable(text) else ""
