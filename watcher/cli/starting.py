"""`watcher init`: a lab's own first configuration, from a few papers; or the example that is shipped.

At a terminal it asks for what is missing, and checks each answer at once. Elsewhere an error names the option.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from watcher.cli import console
from watcher.cli.commands import INTERRUPTED, as_called, program

if TYPE_CHECKING:
    from watcher.setup.founding import Founded, Wish

GREEDY = "--seeds"


class Example(StrEnum):
    """A configuration that is shipped."""

    NMJ = "nmj"


class _TakesMany(TyperCommand):
    """A command whose option --seeds takes all words up to the next option, so that a shell's `*.ris` will do."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own copy of Click's context, which it keeps to itself
        """Repeat the option before each of its words."""
        spread: list[str] = []
        is_open = False
        for word in args:
            if word.startswith("-") and word != "-":
                is_open = word.partition("=")[0] == GREEDY
                spread += [] if word == GREEDY else [word]
            else:
                spread += [GREEDY, word] if is_open else [word]
        if args and args[-1] == GREEDY:
            spread.append(GREEDY)  # without a word: the usual complaint
        return super().parse_args(ctx, spread)


@program.command("init", cls=_TakesMany)
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to put config/, seeds/ and secrets/.")] = Path(),
    email: Annotated[str, typer.Option("--email", help="Your address: NCBI wants to know who asks, and digests go there.")] = "",
    seeds: Annotated[
        list[str] | None,
        typer.Option("--seeds", metavar="FILE|PMID|DOI ...", help="Papers that you would have wanted to find; one or more."),
    ] = None,
    topic: Annotated[
        str, typer.Option("--topic", help="Without --seeds: your topic in words; PubMed's best matches stand in as seeds.")
    ] = "",
    title: Annotated[str, typer.Option("--title", help="What the topic is called; else after the query's first line.")] = "",
    query: Annotated[str, typer.Option("--query", help="Your own PubMed query, instead of a drafted one.")] = "",
    timezone: Annotated[str, typer.Option("--timezone", help="Of the schedules, such as Europe/Berlin; else this machine's.")] = "",
    example: Annotated[
        Example | None, typer.Option("--example", help="The shipped example instead; what is there already is kept.")
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing, also at a terminal.")] = False,
) -> None:
    """Write a commented configuration for your topic.

    Asks for what is missing. The query is drafted from what a few papers share; nothing is written over.
    """
    if example is not None:
        _copy_example(folder)
        return
    from watcher.app import opened_source  # noqa: PLC0415
    from watcher.setup.founding import Wish, found_lab  # noqa: PLC0415
    from watcher.setup.starter import refuse_taken  # noqa: PLC0415

    try:
        refuse_taken(folder)
        wish = Wish(
            folder,
            email.strip(),
            tuple(seeds or ()),
            " ".join(title.split()),
            query.strip(),
            timezone.strip(),
            " ".join(topic.split()),
        )
        _refuse_flags(wish)
        can_ask = not no_input and sys.stdin.isatty() and sys.stdout.isatty()
        wish = _asked(wish) if can_ask else _complete(wish)
        with console.progress(quiet=context.obj.quiet) as say:
            done = found_lab(wish, open_source=opened_source, say=say)
    except (KeyboardInterrupt, EOFError):
        console.complain("\ninterrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    _told(done, folder)


def _copy_example(folder: Path) -> None:
    from watcher.setup.starter import write  # noqa: PLC0415

    for path, written in write(folder):
        console.say(f"{'wrote' if written else 'kept '} {path}")
    console.say(f"next: put your address into {folder / 'config' / 'watcher.yaml'} (pubmed.email), then `{_in(folder)} check`")


def _in(folder: Path) -> str:
    """The program as it is called from where one stands, for the configuration of a folder."""
    found = "" if folder == Path() else f" --config {shlex.quote(str(folder / 'config'))}"
    return f"{as_called()}{found}"


# --- flags -----------------------------------------------------------------------------------------------------------------------


def _refuse_flags(wish: Wish) -> None:
    """What was given must be good, whatever is asked afterwards."""
    from watcher.errors import ConfigurationError, Problem  # noqa: PLC0415

    given = (
        ("--email", wish.email, _problem_of_email),
        ("--title", wish.title, _problem_of_title),
        ("--timezone", wish.timezone, _problem_of_zone),
    )
    problems = [(flag, value, problem) for flag, value, judge in given if value and (problem := judge(value))]
    if problems:
        raise ConfigurationError(*(Problem(f"{flag} {value}: {what}", fix) for flag, value, (what, fix) in problems))


def _complete(wish: Wish) -> Wish:
    """The wish, if nothing is missing. Raises ConfigurationError that names the options."""
    from watcher.errors import ConfigurationError, Problem  # noqa: PLC0415

    missing = []
    if not wish.email:
        missing.append(Problem("no address: NCBI wants to know who asks", "--email you@your.lab"))
    if not (wish.seeds or wish.topic or wish.query):
        what = "no papers: the query is drafted from papers that you would have wanted to find, and new ones are compared with them"
        missing.append(
            Problem(what, "--seeds, with files, PMIDs or DOIs behind it; --topic, with your topic in words; or --example nmj")
        )
    if missing:
        raise ConfigurationError(*missing)
    return wish


def _problem_of_email(text: str) -> tuple[str, str] | None:
    from watcher.config.field_types import Email, problem_in  # noqa: PLC0415

    return problem_in(Email, text)


def _problem_of_zone(text: str) -> tuple[str, str] | None:
    from watcher.config.field_types import Zone, problem_in  # noqa: PLC0415

    return problem_in(Zone, text)


def _problem_of_title(text: str) -> tuple[str, str] | None:
    from watcher.setup.founding import LONGEST_TITLE  # noqa: PLC0415

    if len(text) <= LONGEST_TITLE and text.isprintable():
        return None
    return (
        f"this is too long, or holds signs that cannot be printed: at most {LONGEST_TITLE} characters",
        "write for example Bone healing",
    )


def _problem_of_seeds(text: str) -> tuple[str, str] | None:
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from watcher.errors import ConfigurationError  # noqa: PLC0415
    from watcher.setup.founding import gathered, read_seeds  # noqa: PLC0415

    try:
        with TemporaryDirectory() as scratch:
            read_seeds(gathered(_split(text)), Path(scratch), "asked")
    except (ConfigurationError, ValueError) as error:
        return str(error), ""
    return None


# --- questions -------------------------------------------------------------------------------------------------------------------


def _asked(wish: Wish) -> Wish:
    """The wish with what was missing, as the person at the terminal says."""
    from dataclasses import replace  # noqa: PLC0415

    changes: dict[str, Any] = {}
    if not wish.email:
        changes["email"] = _ask(
            "Your email address?",
            "NCBI wants to know who asks, and your digests go there. A good answer: one that is read, such as you@your.lab",
            _problem_of_email,
        )
    if not (wish.seeds or wish.topic or wish.query):
        answer = _ask(
            "Which papers would you have wanted to find?",
            "Files (exports of PubMed, Zotero, EndNote …, or lists), PMIDs or DOIs, with blanks between them. A good answer: five to ten\n"
            "papers that are at the heart of your topic, reviews among them; one will do. Quote names that hold blanks. Enter: none at hand.",
            _problem_of_seeds,
            may_be_empty=True,
        )
        changes |= {"seeds": tuple(_split(answer))} if answer else {"topic": _ask_topic()}
    if not wish.title and changes and "topic" not in changes:
        changes["title"] = _ask(
            "What is the topic called?",
            "It heads your digests. A good answer: two or three words, such as Bone healing. Enter: after the query's first line.",
            _problem_of_title,
            may_be_empty=True,
        )
    return replace(wish, **changes)


def _ask_topic() -> str:
    return _ask(
        "What is your topic, in a few words?",
        "PubMed's ten best matches stand in as seeds until you put your own papers in. A good answer: what you would type into PubMed,\n"
        "such as coral bleaching heat tolerance",
        _problem_of_title,
    )


def _split(text: str) -> list[str]:
    """Words as a shell has them."""
    return shlex.split(text)


def _ask(question: str, help_text: str, problem: Callable[[str], tuple[str, str] | None], *, may_be_empty: bool = False) -> str:
    """The answer to a question, once it is a good one."""
    console.say(f"\n{question}\n{help_text}")
    while True:
        console.prompt()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        answer = " ".join(line.split())
        if not answer:
            if may_be_empty:
                return ""
            continue
        wrong = problem(answer)
        if wrong is None:
            return answer
        console.say("\n".join(filter(None, wrong)))


# --- what was done ---------------------------------------------------------------------------------------------------------------


def _told(done: Founded, folder: Path) -> None:
    from watcher.cli.show import tables  # noqa: PLC0415

    tables.founded(done)
    called = _in(folder)
    console.say(
        "\nnext:\n"
        f"  {called} try               # the first digest in your browser; nothing is sent\n"
        f"  edit {folder / 'config' / 'watcher.yaml'}    # the query stands there line by line, with what a good edit is\n"
        f"  edit {folder / 'secrets' / 'lab_mail_url'}    # your mail server, in place of the example\n"
        f"  {called} check --online    # what PubMed makes of the query; whether the mail server answers\n"
        f"  {called} send-test lab-mail\n"
        f"  {called} serve             # searches daily, sends on Mondays"
    )
