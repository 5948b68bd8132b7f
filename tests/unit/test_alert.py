"""Who is told that something fails, once, and that it works again: the real store, runs before a local PubMed, and a sender that refuses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.flow_samples import ALS, WEEKLY, Desk, Plain, final

from standins.eutils.papers import paper
from watcher.domain import Channel, ChannelKind, Code, Delivery, DeliveryState, ErrorKind, RunOutcome, Warned
from watcher.errors import ConfigurationError, Place, Problem
from watcher.flows.deliver.deliver import Deliverer
from watcher.flows.notices import wording
from watcher.flows.notices.alert import Alerter

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"  # a Monday
MONDAY = "2026-03-09T07:00"
FAILING = ("2026-03-03T05:00", "2026-03-03T09:00", "2026-03-03T15:00")
PLACE = Place(Path("config/watcher.yaml"), 93, 12, "alerts.channel")
PROBLEM = Problem("there is no channel 'lab-mial'", "did you mean lab-mail?", PLACE)


@dataclass
class Lab(Plain):
    """A desk whose list goes to `mail` and `slack`, with an alerter and what was sent."""

    desk: Desk
    alert_channel: str | None = None
    place: str = ""
    unusable: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def channels(self) -> dict[str, Channel]:
        """The channels of the lists, and `admin`."""
        names = {name for list_ in self.desk.lists for name in list_.channels} | {"admin"}
        kinds = {"slack": ChannelKind.SLACK, "admin": ChannelKind.OTHER}
        return {name: Channel(name, kinds.get(name, ChannelKind.EMAIL), "json://127.0.0.1") for name in names}

    def recipients(self, channel: Channel) -> tuple[str, ...]:
        """Two readers of a mail channel, one of any other."""
        if channel.name in self.unusable:
            raise ConfigurationError(Problem(f"the url of channel {channel.name!r} is not known"))
        return ("pi@lab.example", "postdoc@lab.example") if channel.kind is ChannelKind.EMAIL else ("",)

    def send(self, delivery: Delivery, channel: Channel, **_more: object) -> None:
        """Take it, unless the channel is dead."""
        if channel.name in self.dead:
            raise final()
        self.sent.append((channel.name, delivery.message.subject))

    @property
    def alerter(self) -> Alerter:
        """An alerter as the App makes it."""
        one = self.desk
        watches, lists = {watch.name: watch for watch in one.watches}, {list_.name: list_ for list_ in one.lists}
        return Alerter(
            one.store,
            self.channels,
            lists,
            watches,
            self.recipients,
            "lab.example",
            self.alert_channel,
            3,
            "Europe/Berlin",
            self.place,
        )

    def tick(self, *instants: str) -> bool:
        """Rounds as a service makes them; whether the last one owed a notice."""
        owed = False
        for instant in instants:
            now = self.desk.load(instant)
            ticker = self.desk.ticker()
            composer = replace(ticker.composer, recipients=self.recipients)
            deliverer = Deliverer(self.desk.store, self, self.channels, "me")
            replace(ticker, composer=composer, deliverer=deliverer, channels=self.channels).tick(now)
            owed = self.alerter.after_tick(now)
            deliverer.deliver(now)
        return owed

    def told(self, word: str = "[watcher]") -> list[tuple[str, str]]:
        """Notices that were sent, whose subject holds a word."""
        return [(channel, subject) for channel, subject in self.sent if subject.startswith("[watcher]") and word in subject]

    def topics(self) -> list[str]:
        """Of what notices are open."""
        return [one.topic for one in self.desk.store.open_notices()]


@pytest.fixture
def lab(at_desk: Desks) -> Lab:
    one = at_desk(
        paper(1, title="The neuromuscular junction", created="2026-03-01"),
        paper(2, title="Amyotrophic lateral sclerosis", created="2026-03-01"),
    )
    one.lists[0] = replace(WEEKLY, channels=("mail", "slack"))
    return Lab(one)


def fails(lab: Lab, *instants: str) -> None:
    """Rounds with a PubMed that does not answer."""
    for instant in instants:
        lab.desk.pubmed.faults.plant("esearch", kind="http-503", times=2)
        lab.tick(instant)


# --- watches


def test_three_failed_searches_in_a_row_are_told_once(lab: Lab) -> None:
    lab.tick(START)

    fails(lab, *FAILING[:2])
    assert lab.told() == []

    fails(lab, FAILING[2], "2026-03-04T05:00", "2026-03-04T15:00")
    subject = "[watcher] Watch Neuromuscular junction has not been searched since 2 March: PubMed does not answer"
    assert sorted(lab.told()) == [("mail", subject), ("mail", subject), ("slack", subject)]


def test_when_the_watch_is_searched_again_the_same_people_hear_of_it_once(lab: Lab) -> None:
    lab.tick(START)
    fails(lab, *FAILING)

    lab.tick("2026-03-04T05:00", "2026-03-05T05:00")

    assert sorted(channel for channel, _ in lab.told("Watch Neuromuscular junction is searched again")) == ["mail", "mail", "slack"]
    assert lab.topics() == []


def test_a_second_failure_is_told_again(lab: Lab) -> None:
    lab.tick(START)
    fails(lab, *FAILING)
    lab.tick("2026-03-04T05:00")

    fails(lab, "2026-03-05T05:00", "2026-03-05T09:00", "2026-03-05T15:00")

    assert len(lab.told("has not been searched since 4 March")) == 3


def test_a_failure_between_two_good_searches_is_told_to_nobody(lab: Lab) -> None:
    lab.tick(START)
    fails(lab, *FAILING[:2])
    lab.tick("2026-03-03T15:00")
    fails(lab, "2026-03-04T05:00", "2026-03-04T09:00")

    assert (lab.told(), lab.topics()) == ([], [])


def test_the_alert_channel_hears_of_it_and_the_readers_do_not(lab: Lab) -> None:
    lab.alert_channel = "admin"
    lab.tick(START)

    fails(lab, *FAILING)

    assert [channel for channel, _ in lab.told()] == ["admin"]


def test_only_the_lists_that_read_the_watch_are_told(lab: Lab) -> None:
    lab.desk.watches.append(replace(ALS, allow_over=0))
    lab.desk.lists.append(replace(WEEKLY, name="als", watches=("als",), channels=("als-mail",)))

    lab.tick(START, "2026-03-03T05:00", "2026-03-04T05:00", "2026-03-05T05:00")

    assert {channel for channel, _ in lab.told("Watch ALS could not be searched yet")} == {"als-mail"}
    assert {channel for channel, _ in lab.told()} == {"als-mail"}


def test_the_notice_says_what_to_do_about_its_kind_of_error(lab: Lab) -> None:
    lab.desk.edit(allow_over=0)

    lab.tick(START, "2026-03-03T05:00", "2026-03-04T05:00", "2026-03-05T05:00")

    (notice,) = lab.desk.store.open_notices()
    assert notice.whole.startswith(
        "Watch Neuromuscular junction could not be searched yet: its query matches too much. There was no good search so far; 3 tries"
    )
    assert "allow_over (0)" in notice.whole


def test_a_large_job_that_waits_for_the_night_is_not_told(lab: Lab) -> None:
    lab.tick(START)
    waits = {
        "outcome": RunOutcome.FAILED,
        "error_kind": ErrorKind.QUIET_HOURS,
        "error": "it waits for NCBI's quiet hours",
        "may_pass": True,
    }
    for hour in range(3):
        at = lab.desk.load("2026-03-03T05:00") + timedelta(hours=hour)
        lab.desk.store.fail_run(lab.desk.store.begin_run("nmj", "edit", at), lab.desk.bench.report(at, **waits))

    assert not lab.alerter.after_tick(at)
    assert (lab.desk.store.run_history("nmj").failed_in_row, lab.topics()) == (3, [])


def test_a_watch_that_is_taken_out_leaves_no_notice(lab: Lab) -> None:
    lab.desk.watches.append(replace(ALS, allow_over=0))
    lab.tick(START, "2026-03-03T05:00", "2026-03-04T05:00", "2026-03-05T05:00")
    assert lab.topics() == ["watch:als"]
    before = list(lab.sent)

    lab.desk.watches.pop()
    lab.tick("2026-03-06T05:00")

    assert (lab.topics(), lab.sent) == ([], before)


def test_a_channel_that_cannot_be_used_costs_the_others_nothing(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.tick(START)
    lab.unusable.add("mail")

    fails(lab, *FAILING)

    assert [channel for channel, _ in lab.told()] == ["slack"]
    assert "channel mail cannot be told of watch:nmj: the url of channel 'mail' is not known" in caplog.messages


def test_with_nobody_to_tell_the_notice_stands_in_status_and_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.tick(START)
    lab.unusable |= {"mail", "slack"}

    fails(lab, *FAILING)

    assert lab.topics() == ["watch:nmj"]
    (line,) = [
        one
        for one in caplog.records
        if one.name == "watcher.flows.notices.alert" and one.message.startswith("Watch Neuromuscular junction")
    ]
    assert line.levelno == logging.WARNING
    assert line.message.endswith("(no channel can be told of this)")


# --- warnings

LONG = Warned(Code.LONG_PAUSE, "list weekly is paused until 2030-01-01", "look at the year")
TAG = Warned(Code.QUERY_FIELD, "PubMed knows no field [tib]", "did you mean [ti]?", replace(PLACE, key="watches.nmj.query"))
PASSING = Warned(Code.SEEDS_NOT_ASKED, "2 seeds could not be looked up")


def warn(lab: Lab, *found: Warned, at: str = MONDAY) -> bool:
    """A round that finds these warnings, of a service that has just started; whether a message became owed."""
    return lab.alerter.warnings(found, lab.desk.at(at))


def mails(lab: Lab) -> list[str]:
    """What the alert channel was sent, oldest first."""
    Deliverer(lab.desk.store, lab, lab.channels, "me").deliver(lab.desk.at(MONDAY))
    return [subject for channel, subject in lab.sent if channel == "admin"]


def test_warnings_are_told_once_and_not_again_after_a_restart(lab: Lab) -> None:
    lab.alert_channel = "admin"

    told = [
        warn(lab, LONG, TAG),
        warn(lab, TAG, LONG),
        warn(lab, replace(TAG, place=replace(PLACE, line=99, key="watches.nmj.query")), LONG),
    ]

    assert told == [True, False, False]
    assert mails(lab) == ["[watcher] 2 warnings about what watcher was told to do"]
    assert {channel for channel, _ in lab.sent} == {"admin"}


def test_another_set_of_warnings_is_told_with_what_is_new_first(lab: Lab) -> None:
    lab.alert_channel = "admin"
    warn(lab, LONG)

    assert warn(lab, LONG, TAG, at="2026-03-10T07:00")

    (notice,) = lab.desk.store.open_notices()
    lines = notice.what.splitlines()
    assert notice.headline == "2 warnings about what watcher was told to do, 1 of them new"
    assert lines[1] == "`config/watcher.yaml:93:12: watches.nmj.query`: PubMed knows no field [tib]. Did you mean [ti]?"
    assert lines[2] == "list weekly is paused until 2030-01-01. Look at the year."


def test_a_warning_that_goes_and_comes_is_told_each_time(lab: Lab) -> None:
    lab.alert_channel = "admin"

    told = [warn(lab, LONG), warn(lab), warn(lab), warn(lab, LONG)]

    assert told == [True, True, False, True]
    assert mails(lab) == [
        "[watcher] 1 warning about what watcher was told to do",
        "[watcher] There is nothing to warn of any more",
        "[watcher] 1 warning about what watcher was told to do",
    ]


def test_what_passes_with_its_run_is_no_reason_to_write(lab: Lab) -> None:
    lab.alert_channel = "admin"

    assert not warn(lab, PASSING)
    assert warn(lab, PASSING, LONG)
    assert not warn(lab, LONG)


def test_services_that_share_a_database_tell_their_own_warnings(lab: Lab) -> None:
    lab.alert_channel = "admin"
    lab.place = "one:/srv"
    warn(lab, LONG)
    lab.place = "two:/srv"

    assert not warn(lab)
    assert warn(lab, LONG)
    assert len(lab.topics()) == 2


def test_without_an_alert_channel_warnings_stand_in_the_log(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    assert not warn(lab, LONG)
    assert not warn(lab, LONG)

    (line,) = [one for one in caplog.records if one.name == "watcher.flows.notices.alert"]
    assert line.message.startswith("1 warning about what watcher was told to do.")
    assert line.message.endswith("(no channel can be told of this)")


# --- channels


def test_a_channel_that_takes_nothing_is_told_on_the_others(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")

    lab.tick(MONDAY, "2026-03-09T08:00", "2026-03-10T05:00")

    assert lab.told() == [("slack", "[watcher] Messages to channel mail are held back since 9 March")]
    (notice,) = lab.desk.store.open_notices()
    assert "2 messages wait, the oldest from 9 March, 08:00. The last try said: 535 authentication refused." in notice.whole


def test_when_the_channel_takes_messages_again_the_others_hear_of_it(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")
    lab.tick(MONDAY)
    lab.dead.clear()

    lab.tick("2026-03-10T08:00")  # parked is tried again daily

    assert lab.told("Channel mail takes messages again") == [("slack", "[watcher] Channel mail takes messages again")]
    assert [subject for channel, subject in lab.sent if channel == "mail"] == [lab.sent[0][1]] * 2
    assert lab.topics() == []


def test_a_channel_that_failed_while_the_clock_was_ahead_is_well_again_with_the_next_message(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")
    lab.tick("2026-04-06T08:00")
    lab.dead.clear()

    lab.tick("2026-03-09T08:00", "2026-03-16T08:00")  # the clock is right again

    assert lab.told("Channel mail takes messages again") == [("slack", "[watcher] Channel mail takes messages again")]
    assert lab.topics() == []


def test_a_channels_failure_is_not_dated_later_than_now(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")
    lab.tick("2026-04-06T08:00")
    parked = lab.desk.store.deliveries(states={DeliveryState.PARKED})

    notice = wording.channel_fails("mail", parked, lab.desk.at(MONDAY), "Europe/Berlin")  # the clock is right again

    assert notice.since == lab.desk.at(MONDAY)
    assert "held back since 9 March" in notice.whole


def test_what_was_dropped_by_hand_ends_no_failure_until_something_is_sent(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")
    lab.tick(MONDAY)
    for one in lab.desk.store.deliveries(states={DeliveryState.PARKED}):
        lab.desk.store.drop(one.id, lab.desk.at(MONDAY))

    lab.tick("2026-03-10T08:00")
    assert lab.topics() == ["channel:mail"]

    lab.dead.clear()
    lab.tick("2026-03-16T07:00")
    assert lab.topics() == []


def test_a_dead_alert_channel_is_told_on_the_channels_of_the_lists(lab: Lab) -> None:
    lab.alert_channel = "admin"
    lab.dead.add("admin")
    lab.tick(START)

    fails(lab, *FAILING)
    lab.tick("2026-03-03T15:05")

    assert sorted(channel for channel, _ in lab.told("channel admin")) == ["mail", "mail", "slack"]


def test_a_list_that_came_meanwhile_does_not_hear_that_something_is_over(lab: Lab) -> None:
    lab.alert_channel = "admin"
    lab.dead = {"admin"}
    lab.tick(START)
    fails(lab, *FAILING)
    lab.tick("2026-03-04T05:00")

    lab.desk.lists.append(replace(WEEKLY, name="newcomers", channels=("new-mail",)))
    lab.dead = set()
    lab.tick("2026-03-06T06:00")

    assert {channel for channel, _ in lab.told("Channel admin takes messages again")} == {"mail", "slack"}
    assert lab.topics() == []


def test_a_dead_channel_without_another_stands_in_status_and_the_next_digest(lab: Lab) -> None:
    lab.desk.lists[0] = replace(WEEKLY, channels=("mail",))
    lab.tick(START)
    lab.dead.add("mail")

    lab.tick(MONDAY)

    assert lab.topics() == ["channel:mail"]
    (line,) = lab.desk.digest("2026-03-16T07:00").receipt.failures
    assert line.startswith("2 messages are held back for channel mail since 9 March, 08:00: 535 authentication refused")


def test_a_channel_that_is_taken_out_leaves_no_notice_once_nothing_waits_for_it(lab: Lab) -> None:
    lab.tick(START)
    lab.dead.add("mail")
    lab.tick(MONDAY)
    lab.desk.lists[0] = replace(WEEKLY, channels=("slack",))
    lab.tick("2026-03-09T09:00")
    assert lab.topics() == ["channel:mail"]

    for one in lab.desk.store.deliveries(states={DeliveryState.PARKED}):
        lab.desk.store.drop(one.id, lab.desk.at(MONDAY))
    lab.tick("2026-03-09T10:00")

    assert lab.topics() == []
    assert lab.told("takes messages again") == []


# --- the configuration


def problems() -> Sequence[Problem]:
    return (PROBLEM, Problem("this is not a number", "write digits only", Place(Path("config/watcher.yaml"), 12)))


def test_a_bad_configuration_is_told_once_on_the_alert_channel_only_with_file_and_line(lab: Lab) -> None:
    lab.alert_channel = "admin"
    now = lab.desk.load(START)

    assert lab.alerter.configuration(problems(), now)
    assert not lab.alerter.configuration(problems(), now + timedelta(minutes=1))
    lab.tick("2026-03-02T10:00")

    assert lab.told() == [("admin", "[watcher] The configuration cannot be used as it was saved; the last good one stays in force")]
    (notice,) = lab.desk.store.open_notices()
    assert "`config/watcher.yaml:93:12: alerts.channel`: there is no channel 'lab-mial'." in notice.whole
    assert "`config/watcher.yaml:12`: this is not a number." in notice.whole


def test_a_good_configuration_after_a_bad_one_is_told_once(lab: Lab) -> None:
    lab.alert_channel = "admin"
    now = lab.desk.load(START)
    lab.alerter.configuration(problems(), now)

    assert lab.alerter.configuration(None, now + timedelta(minutes=5))
    assert not lab.alerter.configuration(None, now + timedelta(minutes=6))
    lab.tick("2026-03-02T10:00")

    assert lab.told()[-1] == ("admin", "[watcher] The configuration is good again and in force")
    assert lab.topics() == []


def test_without_an_alert_channel_a_bad_configuration_stands_in_the_next_digest(lab: Lab) -> None:
    lab.tick(START)

    assert not lab.alerter.configuration(problems(), lab.desk.load("2026-03-05T09:00"))
    digest = lab.desk.digest(MONDAY)

    assert lab.told() == []
    assert [line for line in digest.receipt.failures if "there is no channel 'lab-mial'" in line]


def test_services_in_two_places_on_one_database_leave_each_others_configuration_alone(lab: Lab) -> None:
    lab.alert_channel, now = "admin", lab.desk.load(START)
    good, bad = replace(lab.alerter, place="alpha:1f"), replace(lab.alerter, place="beta:2e")

    owed = []
    for minutes in range(3):
        then = now + timedelta(minutes=minutes)
        owed += [bad.configuration(problems(), then), good.configuration(None, then)]

    assert owed == [True, False, False, False, False, False]
    assert lab.topics() == ["configuration:beta:2e"]
    assert bad.configuration(None, now + timedelta(minutes=5))
    assert lab.topics() == []


def test_the_configuration_of_a_place_stands_in_the_next_digest(lab: Lab) -> None:
    lab.place = "beta:2e"
    lab.tick(START)
    lab.alerter.configuration(problems(), lab.desk.load("2026-03-05T09:00"))

    digest = lab.desk.digest(MONDAY)

    assert [line for line in digest.receipt.failures if "there is no channel 'lab-mial'" in line]


# --- two services


def test_two_services_tell_once(lab: Lab) -> None:
    lab.tick(START)
    fails(lab, *FAILING[:2])
    lab.desk.pubmed.faults.plant("esearch", kind="http-503", times=2)
    lab.desk.tick(FAILING[2])
    now = lab.desk.at(FAILING[2])

    assert [lab.alerter.after_tick(now), lab.alerter.after_tick(now)] == [True, False]
