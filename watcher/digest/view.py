"""A digest as its reader sees it: every string cleaned, worded and linked, before any markup.

Mail, Slack, Teams and text are renderings of this one page, so that they cannot tell different stories.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup

from watcher.digest import clean, corrections, imprint, links, personal
from watcher.digest.conclusion import conclusion
from watcher.digest.wording import (
    byline,
    count,
    day_and_time,
    lasting,
    listed,
    long_day,
    long_span,
    moment,
    published,
    sentence,
    short_span,
    time_span,
)
from watcher.domain import (
    LONGEST_THEME_NAME,
    NO_TITLE,
    OTHER_THEMES,
    Article,
    Contact,
    Corrected,
    Digest,
    FollowUp,
    Gap,
    Item,
    Outage,
    Reasons,
    Receipt,
    RecordId,
    Section,
    VerdictKind,
    Weeks,
)

TITLE_SHOWN = 400
"""Titles are whole in the text twin; elsewhere they are clipped here (PubMed's longest run to several thousand characters)."""

_WHY_TERMS = 4
_WHY_LENGTH = 70
"""Of a paper's terms those are told that stay within so many characters, at least one."""
_SEED = 60
_CHIPS_SHOWN = 6
_ALSO_SHOWN = 3
_WATCHES_SHOWN = 4
_LINE = 600
_REASON = 200
_REASON_OF_SEVERAL = 100
_LIKE = 90

_REASONS_TOLD = 2
"""Of spans that were made good, so many different reasons are told."""

_HEADINGS = {
    Section.PREPRINT: ("Preprints", "Not peer-reviewed yet."),
    Section.LATE: ("Late arrivals", "Older papers that PubMed added, or that came to match, only now."),
    Section.RECONSIDERED: ("Reconsidered", "Below the threshold when they came; above it since the seeds or verdicts changed."),
    Section.STARTER: ("Older papers your edited query adds", "The best of what was in PubMed before the query was edited."),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A label and the address it leads to."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper. `watches` are titles, given when the reader cannot know them; `score` is the floor of the score, as a pick at 69.9
    is not yet at 70. `why` and
    `short_why` differ for picks only, whose `why` may take more than a line. The first link is always PubMed's. `marks` are the places of
    the links by which a reader marks the paper, a verdict each, and `marking` that of the page where they choose (`personal`)."""

    record_id: RecordId
    title: str
    title_short: str
    title_html: Markup
    score: int
    highlight: bool
    byline: str
    journal: str
    published: str
    ahead: bool
    chips: tuple[str, ...]
    watches: tuple[str, ...]
    conclusion: str
    why: str
    short_why: str
    note: str
    also: tuple[Link, ...]
    links: tuple[Link, ...]
    marks: tuple[Link, ...] = ()
    marking: str = ""

    @property
    def url(self) -> str:
        """The record's page at PubMed."""
        return self.links[0].url

    @property
    def source(self) -> tuple[str, ...]:
        """Who, where and when, in reading order, without what is not known."""
        parts = (self.byline, self.journal, self.published, "ahead of print" if self.ahead else "")
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Group:
    """One section: its heading, a sentence about it (may be ""), its papers. `whole` papers are told with conclusion and reason."""

    title: str
    lead: str
    cards: tuple[Card, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A follow-up: what happened, and to which paper."""

    text: str
    card: Card


@dataclass(frozen=True, slots=True)
class Correctedness:
    """A paper that its readers had, and what became of it: `name` of the worst, a line for each; `had` says when they had it."""

    record_id: RecordId
    name: str
    title: str
    title_short: str
    title_html: Markup
    url: str
    lines: tuple[str, ...]
    had: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole digest, worded. `top_only`: Slack gets the first post alone. `empty` when it holds neither papers nor follow-ups nor
    corrections.

    What is not made good opens the mail: `outages` that last, and `remarks`. What was made good is for the receipt: `made_good`.
    """

    title: str
    subject: str
    counts: str
    span: str
    first: bool
    coverage: str
    outages: tuple[str, ...]
    remarks: tuple[str, ...]
    groups: tuple[Group, ...]
    follow_ups: tuple[Told, ...]
    attached: tuple[Card, ...]
    attached_links: tuple[str, ...]
    file_name: str
    receipt: tuple[tuple[str, str], ...]
    weeks: tuple[str, ...]
    made_good: tuple[str, ...]
    failures: tuple[str, ...]
    next_digest: str
    home: str | None
    stopping: str
    contact: Contact | None
    top_only: bool
    one_line: str
    empty: bool
    corrected: tuple[Correctedness, ...] = ()

    @property
    def preheader(self) -> str:
        """What an inbox shows after the subject: the first titles."""
        titles = [card.title_short for group in self.groups for card in group.cards]
        return clean.clip(" · ".join(titles[:3]) or self.coverage, 180)

    @property
    def papers(self) -> int:
        """How many papers it presents."""
        return sum(len(group.cards) for group in self.groups) + len(self.attached)

    @property
    def best(self) -> tuple[Card, ...]:
        """The picks, then the others that are shown by their score, for what can tell of a few alone."""
        picks = [card for group in self.groups if group.whole for card in group.cards]
        others = [card for group in self.groups if not group.whole for card in group.cards]
        return (*picks, *sorted(others, key=lambda card: -card.score))

    def run_by(self, *, in_mail: bool) -> tuple[str, str]:
        """What stands before and behind the address of who runs the service; two times "" when nobody is known."""
        return imprint.run_by(self.contact, in_mail=in_mail)

    @property
    def attached_sentence(self) -> str:
        """Where the papers are that are not shown, when there are any."""
        papers = count(len(self.attached), "more paper")
        verb = "is" if len(self.attached) == 1 else "are"
        return f"{papers} {verb} in {f'the attached {self.file_name}' if self.file_name else 'the plain-text part of this mail'}."


def page(digest: Digest) -> Page:
    """`digest` worded for its reader."""
    receipt, home = digest.receipt, links.web(digest.base_url)
    return Page(
        title=clean.clip(clean.plain(digest.list.title or digest.list.name), 100),
        subject=subject(digest),
        counts=counts(digest),
        span=_span(digest, long_span),
        first=digest.period.first and not _behind(digest),
        coverage=_coverage(digest),
        outages=_lines(tuple(_outages(digest))),
        remarks=_lines(tuple(_remarks(digest))),
        groups=tuple(_groups(digest)),
        follow_ups=tuple(_told(digest, follow_up) for follow_up in digest.follow_ups),
        attached=tuple(_card(digest, item, _short_why(digest, item)) for item in digest.attached),
        attached_links=links.pubmed_sets([item.article.record_id for item in digest.attached]),
        file_name=" and ".join(file_names(digest).values()),
        receipt=tuple(_receipt(receipt)),
        weeks=tuple(_told_weeks(digest)),
        made_good=_lines(tuple(_made_good(digest))),
        failures=_lines(receipt.failures),
        next_digest=moment(receipt.next_digest_at, digest.list.timezone) if receipt.next_digest_at else "",
        home=f"{home.rstrip('/')}/digests/{digest.list.name}" if home else None,
        stopping=personal.stopping(home) if home else "",
        contact=digest.contact,
        top_only=digest.list.top_only,
        one_line=_one_line(receipt, searched=not _uncovered(digest)),
        empty=not digest.presented and not digest.follow_ups and not digest.corrected,
        corrected=tuple(corrected(one, digest.list.timezone) for one in digest.corrected),
    )


def subject(digest: Digest) -> str:
    """The mail's subject, counts first: "[NMJ] 7 new papers, 2 highly relevant · 15–21 Sep"; one line, at most 200 characters."""
    prefix = digest.list.subject_prefix or f"{digest.list.title or digest.list.name}:"
    return clean.clip(f"{clean.clip(clean.plain(prefix), 80)} {counts(digest)} · {_span(digest, short_span)}".strip(), 200)


def counts(digest: Digest) -> str:
    """As in "7 new papers, 2 highly relevant".

    Papers that come again are not called new; follow-ups are told when there are no papers, corrections always.
    """
    new = all(item.section not in (Section.RECONSIDERED, Section.STARTER) for item in digest.presented)
    told = []
    if digest.presented:
        told.append(count(len(digest.presented), "new paper" if new else "paper"))
        told += [f"{digest.highlights} highly relevant"] if digest.highlights else []
    elif digest.follow_ups:
        told.append(f"{count(len(digest.follow_ups), 'paper')} now published")
    told += [corrections.counts(digest.corrected)] if digest.corrected else []
    return ", ".join(told) or "No papers to read"


def file_names(digest: Digest) -> dict[str, str]:
    """The names of the files that the list attaches, by their formats; none when there is nothing to attach."""
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in digest.list.name)
    stem = f"{safe}-{digest.period.covers_to.isoformat()}"
    return {kind: f"{stem}.{kind}" for kind in digest.list.attach} if digest.presented else {}


def _span(digest: Digest, written: Callable[..., str]) -> str:
    first, last = digest.period.covers_from, digest.period.covers_to
    if _uncovered(digest):
        return "no new days covered"
    if digest.period.first and last > first and not _behind(digest):
        return f"the last {count((last - first).days, 'day')}"
    return written(first, last)


def _coverage(digest: Digest) -> str:
    if _uncovered(digest):
        return "No new days could be covered."
    return f"Papers added to PubMed {long_span(digest.period.covers_from, digest.period.covers_to)}."


def _behind(digest: Digest) -> bool:
    """Whether no watch is covered up to the day of the digest."""
    return bool(digest.gaps) and set(digest.watch_titles) <= {gap.watch for gap in digest.gaps}


def _uncovered(digest: Digest) -> bool:
    """Whether the digest covers no day beyond those of the one before."""
    return _behind(digest) and digest.period.covers_from == digest.period.covers_to


def _remarks(digest: Digest) -> Iterable[str]:
    """What a reader must know before trusting the counts: each gap, and papers that are not ranked or not shown, a sentence each."""
    for gap in digest.gaps:
        yield _gap(digest, gap)
    yield from (sentence(clean.plain(one)) for one in digest.receipt.remarks)


def _gap(digest: Digest, gap: Gap) -> str:
    watch = clean.plain(digest.watch_titles.get(gap.watch, gap.watch))
    lasts = next((one for one in digest.receipt.outages if gap.watch in one.watches and one.made_good_at is None), None)
    since = f", not searched since {_at(digest, lasts.since)}" if lasts else ""
    return (
        f"Not covered yet: papers added {long_span(gap.since, gap.until)} for {watch}{since}. {sentence(clean.plain(gap.reason))}"
    )


def _outages(digest: Digest) -> Iterable[str]:
    """Since when watches are not searched, a sentence each; what a gap tells is not told again."""
    gaps = {gap.watch for gap in digest.gaps}
    for one in digest.receipt.outages:
        if one.made_good_at is None and not gaps.issuperset(one.watches):
            said = clean.clip(clean.plain(one.reason), _REASON)
            yield f"PubMed has not been searched{_of(digest, one.watches)} since {_at(digest, one.since)}. Reason: {_stopped(said)}"


def _made_good(digest: Digest) -> Iterable[str]:
    """What went wrong and cost the reader nothing: that the digest is late, and all spans without a search in one sentence."""
    if digest.period.late_reason:
        yield sentence(f"this digest is late: {clean.plain(digest.period.late_reason)}")
    spans = [one for one in digest.receipt.outages if one.made_good_at]
    if spans:
        watches = [name for name in digest.watch_titles if any(name in one.watches for one in spans)]
        yield f"PubMed was not searched{_of(digest, watches)} {_spans(digest, spans)}. It was read afterwards: nothing was lost."


def _spans(digest: Digest, spans: Sequence[Outage]) -> str:
    since, until = min(one.since for one in spans), max(one.until for one in spans)
    if len(spans) == 1:
        zone, year = digest.list.timezone, _other_year(digest, until)
        return f"from {time_span(since, until, zone, year=year)} ({clean.clip(clean.plain(spans[0].reason), _REASON)})"
    longest = lasting(max(one.until - one.since for one in spans))
    reasons = list(dict.fromkeys(clean.clip(clean.plain(one.reason), _REASON_OF_SEVERAL) for one in spans))
    told = reasons[:_REASONS_TOLD] + (["other reasons"] if len(reasons) > _REASONS_TOLD else [])
    return f"{len(spans):,} times between {_at(digest, since)} and {_at(digest, until)}, for up to {longest} ({'; '.join(told)})"


def _of(digest: Digest, watches: Collection[str]) -> str:
    """Which watches, where it is not all of the list's."""
    whole = set(digest.watch_titles) <= set(watches)
    return "" if whole else f" for {listed([_watch_title(digest, name) for name in watches])}"


def _stopped(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _at(digest: Digest, at: datetime) -> str:
    return day_and_time(at, digest.list.timezone, year=_other_year(digest, at))


def _other_year(digest: Digest, at: datetime) -> bool:
    """Whether `at` must be told with its year, as it is not the digest's."""
    zone = ZoneInfo(digest.list.timezone)
    return at.astimezone(zone).year != digest.composed_at.astimezone(zone).year


# --- papers ----------------------------------------------------------------------------------------------------------------


def _groups(digest: Digest) -> Iterable[Group]:
    whys = _whys(digest)
    for section, found in groupby(digest.items, key=lambda item: item.section):
        items = tuple(found)
        cards = tuple(_card(digest, item, whys[item.article.record_id]) for item in items)
        if section is Section.PICK:
            yield Group("Top pick" if len(items) == 1 else "Top picks", "", cards, whole=True)
        elif section is Section.WATCH:
            yield from _compact(digest, items, cards)
        else:
            title, lead = _HEADINGS[section]
            yield Group(title, lead, cards)


def _compact(digest: Digest, items: Sequence[Item], cards: Sequence[Card]) -> Iterable[Group]:
    """The compact lists: one per watch, or per first chip or theme when the list groups by them."""
    groups: dict[str, list[Card]] = {}
    for item, card in zip(items, cards, strict=True):
        groups.setdefault(_heading(digest, item), []).append(card)
    return [Group(heading, "", tuple(held)) for heading, held in groups.items()]


def _heading(digest: Digest, item: Item) -> str:
    if digest.list.group_by == "chip":
        return item.chips[0] if item.chips else "Other papers"
    if digest.list.group_by == "theme":
        return clean.clip(clean.plain(item.theme), LONGEST_THEME_NAME) or OTHER_THEMES
    return _watch_title(digest, item.watches[0])


def alone(digest: Digest, item: Item) -> Card:
    """A paper as it is told where no other one stands beside it: with its conclusion, and a reason that names none of the others."""
    only = replace(digest, items=(replace(item, section=Section.PICK),), attached=())
    return _card(only, only.items[0], _whys(only)[item.article.record_id])


def _card(digest: Digest, item: Item, why: str) -> Card:
    article, home = item.article, links.web(digest.base_url)
    title = clean.title(article)
    return Card(
        record_id=article.record_id,
        title=title,
        title_short=clean.clip(title, TITLE_SHOWN),
        title_html=clean.title_markup(article, TITLE_SHOWN),
        score=int(item.score),
        highlight=item.highlight,
        byline=byline_of(article),
        journal=clean.clip(clean.plain(article.journal.display), 80),
        published=clean.clip(clean.plain(_published(article)), 40),
        ahead=article.is_ahead_of_print,
        chips=tuple(clean.clip(clean.plain(chip), 40) for chip in item.chips[:_CHIPS_SHOWN]),
        watches=_watches(digest, item),
        conclusion=links.addressed(conclusion(article)) if item.section is Section.PICK else "",
        why=why,
        short_why=_short_why(digest, item, why),
        note=_note(digest, item),
        also=tuple(Link(clean.clip(clean.plain(text), 80), links.page(record_id)) for record_id, text in item.also[:_ALSO_SHOWN]),
        links=_links(article, digest.list.full_text_url),
        marks=tuple(Link(kind.value, personal.marking(home, article.record_id, kind)) for kind in VerdictKind) if home else (),
        marking=personal.marking(home, article.record_id) if home else "",
    )


def _note(digest: Digest, item: Item) -> str:
    """What is told of a paper beside its reasons, and whole what became of it before it came."""
    said = _shown(" ".join(filter(None, (_gave_way(digest, item), item.note))), 240)
    return " ".join(filter(None, [*(_shown(corrections.line(one), _LINE) for one in item.corrections), said]))


def corrected(one: Corrected, zone: str) -> Correctedness:
    """A paper that its readers had, with what became of it."""
    title = clean.title(one.article) if one.article else clean.plain(one.title) or NO_TITLE
    short = clean.clip(title, TITLE_SHOWN)
    return Correctedness(
        record_id=one.record_id,
        name=clean.clip(clean.plain(corrections.name(one.corrections[0].kind, one.corrections[0].label)), 80),
        title=title,
        title_short=short,
        title_html=clean.title_markup(one.article, TITLE_SHOWN) if one.article else Markup.escape(short),
        url=links.page(one.record_id),
        lines=tuple(_shown(corrections.line(each), _LINE) for each in one.corrections),
        had=f"You had it on {long_day(one.had_at.astimezone(ZoneInfo(zone)).date())}.",
    )


def byline_of(article: Article) -> str:
    """Who wrote an article, or edited it, in a line; nothing where nobody is named."""
    authors = byline(article.authors, complete=article.authors_complete)
    editors = "" if authors else byline(article.editors, complete=True)
    return clean.clip(clean.plain(authors or (f"{editors} (eds)" if editors else "")), 120)


def _published(article: Article) -> str:
    if article.is_ahead_of_print and article.electronic.year:
        return published(article.electronic)
    return published(article.published) or published(article.electronic)


def _watch_title(digest: Digest, name: str) -> str:
    return clean.clip(clean.plain(digest.watch_titles.get(name) or name), 100)


def _watches(digest: Digest, item: Item) -> tuple[str, ...]:
    """The watches a paper matched, when there are several, or when its section does not say which."""
    several = len(item.watches) > 1
    by_watch = item.section is Section.WATCH and digest.list.group_by != "theme"
    unsaid = len(digest.watch_titles) > 1 and not by_watch
    return tuple(_watch_title(digest, name) for name in item.watches[:_WATCHES_SHOWN]) if several or unsaid else ()


def _whys(digest: Digest) -> dict[RecordId, str]:
    """Why each shown paper is there: of a pick its terms, heading and nearest seed, of the others in one short line. The title of a seed
    is named once; later papers name the pick, or the paper, that it stands at."""
    named: dict[str, str] = {}
    found = {}
    for number, item in enumerate(digest.items, 1):
        is_pick = item.section is Section.PICK
        terms, label = item.reasons.terms, item.reasons.nearest_seed
        seed = _seed(label, named, f"pick {number}" if is_pick else item.article.record_id.label) if is_pick or not terms else ""
        found[item.article.record_id] = _why(digest, item, seed) if is_pick else _short_why(digest, item, seed)
    return found


def _seed(label: str, named: dict[str, str], at: str) -> str:
    """How the nearest seed is told of at a paper; `named` has at which paper each was named by its title."""
    if not label:
        return ""
    if label in named:
        return f"nearest seed as for {named[label]}"
    named[label] = at
    return f"nearest seed “{_shown(label, _SEED)}”"


def _why(digest: Digest, item: Item, seed: str) -> str:
    terms = _terms(item)
    headings = [f"MeSH {one.text}" for one in item.reasons.headings[:1] if one.text.casefold() not in terms.casefold()]
    told = [*filter(None, (terms, *headings, seed))] or [_matched(digest, item)]
    told += [f"nearer than {item.nearer} % of what its watch brought in twelve weeks"] if item.nearer else []
    return _shown("; ".join(told), 360)


def _short_why(digest: Digest, item: Item, seed: str = "") -> str:
    return _terms(item) or seed or _matched(digest, item)


def _terms(item: Item) -> str:
    """The terms that raised the score most, as many as make a short line."""
    terms = [clean.plain(term.text) for term in item.reasons.terms[:_WHY_TERMS]]
    while len(terms) > 1 and len(", ".join(terms)) > _WHY_LENGTH:
        terms.pop()
    return clean.clip(", ".join(terms), _WHY_LENGTH)


def _matched(digest: Digest, item: Item) -> str:
    """Why a paper is there that nothing speaks for but that it was found."""
    if item.is_neighbour:
        return "PubMed lists it as similar to a seed"
    return f"it matches the query of {listed([_watch_title(digest, name) for name in item.watches[:_WATCHES_SHOWN]])}"


def _gave_way(digest: Digest, item: Item) -> str:
    """Why a paper is no pick that would be one by its score."""
    if item.gave_way is None:
        return ""
    picks = [one.article for one in digest.items if one.section is Section.PICK]
    number = next((number for number, pick in enumerate(picks, 1) if pick.record_id == item.gave_way.to), None)
    if number is None:
        return f"Very like {item.gave_way.to.label}, so no pick beside it."
    return f"Very like pick {number}, “{clean.clip(clean.title(picks[number - 1]), _LIKE)}”, so no pick beside it."


def _links(article: Article, full_text_url: str | None) -> tuple[Link, ...]:
    candidates = (
        ("PubMed", links.page(article.record_id)),
        ("DOI", links.doi(article)),
        ("Free full text", links.free_full_text(article)),
        ("Library", links.library(article, full_text_url)),
    )
    return tuple(Link(label, url) for label, url in candidates if url)


def _told(digest: Digest, follow_up: FollowUp) -> Told:
    item = Item(follow_up.article, follow_up.work_id, (), 0.0, Reasons(), Section.WATCH)
    return Told(_shown(sentence(follow_up.text), 160), _card(digest, item, ""))


# --- the receipt -------------------------------------------------------------------------------------------------------------


def _receipt(receipt: Receipt) -> Iterable[tuple[str, str]]:
    """Label and value, in reading order; what did not happen is left out, save for the four counts a reader looks for."""
    always = (("Checked", receipt.checked), ("New", receipt.new), ("Shown", receipt.shown))
    sometimes = (
        ("Very like a pick, so no pick", len(receipt.gave_way)),
        ("Of a type left out", receipt.excluded_type),
        ("Presented before", receipt.already_presented),
        ("In your library, not shown", receipt.in_library),
        ("Awaiting their record", receipt.awaiting),
    )
    yield from ((label, f"{number:,}") for label, number in always)
    if receipt.attached:
        yield ("Attached", f"{receipt.attached:,}")
    yield ("Below the threshold", f"{receipt.below_threshold:,}")
    yield from ((label, f"{number:,}") for label, number in sometimes if number)
    if receipt.retracted:
        yield ("Retracted, not shown", _labels(receipt.retracted))
    if receipt.unavailable:
        yield ("Given up, no record came", _labels(receipt.unavailable))
    if receipt.reweighed:
        yield ("Ranked by a new snapshot of their own papers", clean.plain("; ".join(receipt.reweighed)))


def weeks(digest: Digest) -> tuple[Weeks, ...]:
    """The last weeks of each watch, with what this digest shows."""
    return tuple(
        replace(one, shown=(*one.shown[:-1], one.shown[-1] + sum(one.watch in item.watches for item in digest.items)))
        for one in digest.receipt.weeks
    )


def _told_weeks(digest: Digest) -> Iterable[str]:
    """A line for each watch that has more to tell than this week."""
    several = len(digest.watch_titles) > 1
    for one in weeks(digest):
        idle = next((number for number, both in enumerate(zip(one.found, one.shown, strict=True)) if any(both)), len(one.found))
        found, shown = (", ".join(f"{number:,}" for number in counts[idle:]) for counts in (one.found, one.shown))
        if len(one.found) - idle > 1:
            of = f"{_watch_title(digest, one.watch)}, last" if several else "Last"
            yield f"{of} {len(one.found) - idle} weeks, oldest first: found {found}; shown {shown}"


def _one_line(receipt: Receipt, *, searched: bool) -> str:
    """The receipt of an empty period; not `searched`: no watch could be read."""
    retracted = f"retracted ({_labels(receipt.retracted)})"
    judged = (
        (receipt.below_threshold, "below the threshold"),
        (receipt.excluded_type, "of a type left out"),
        (receipt.already_presented, "presented before"),
        (receipt.in_library, "in your library"),
        (len(receipt.retracted), retracted),
    )
    told = ", ".join(f"{number:,} {what}" for number, what in judged if number)
    checked = f"{count(receipt.checked, 'record')} checked"
    new = f"{receipt.new:,} {'was' if receipt.new == 1 else 'were'} new{': ' if told else ''}{told}."
    line = f"{checked}. {new}" if receipt.new else f"{checked}, none of them new."
    if not (searched or receipt.checked or receipt.new):
        line = "No records checked."
    return " ".join((line, *_recordless(receipt)))


def _recordless(receipt: Receipt) -> Iterable[str]:
    """What matched and cannot be shown, as PubMed gives no record of it."""
    if receipt.awaiting:
        yield f"{receipt.awaiting:,} {'awaits its' if receipt.awaiting == 1 else 'await their'} record."
    if receipt.unavailable:
        yield f"Given up, since no record came: {_labels(receipt.unavailable)}."


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(_shown(line, _LINE) for line in lines)


def _shown(text: str, limit: int) -> str:
    """`text` clean, with its DOIs as addresses, and clipped."""
    return clean.clip(links.addressed(clean.plain(text)), limit)


def _labels(record_ids: Sequence[RecordId]) -> str:
    """Records as words, not as addresses: nothing here invites a click."""
    return ", ".join(one.label for one in record_ids)
