from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from watcher.logs import redact, set_up

KEY = "0123456789abcdef0123456789abcdef0123"
PASSWORD = "Tr0ub4dor"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"https://ncbi.example/esearch.fcgi?api_key={KEY}&term=x", "https://ncbi.example/esearch.fcgi?api_key=***&term=x"),
        (f'{{"error":"too many","api-key":"{KEY}","count":"11"}}', '{"error":"too many","api-key":"***","count":"11"}'),
        (f"mailtos://watcher:{PASSWORD}@smtp.lab.example?from=x", "mailtos://watcher:***@smtp.lab.example?from=x"),
        (f"mailtos://me@lab.example:{PASSWORD}@smtp.lab.example", "mailtos://me@lab.example:***@smtp.lab.example"),
        (f"mailtos://me:p@ss{PASSWORD}@smtp.lab.example", "mailtos://me:***@smtp.lab.example"),
        (f"mailtos://smtp.lab.example?user=me&pass={PASSWORD}&to=you", "mailtos://smtp.lab.example?user=me&pass=***&to=you"),
        (f"postgresql+psycopg://lab:{PASSWORD}@db.lab.example/watcher", "postgresql+psycopg://lab:***@db.lab.example/watcher"),
        (f"https://hooks.slack.com/services/T0/B0/{PASSWORD} failed", "https://hooks.slack.com/services/*** failed"),
        (f"http://127.0.0.1:80/services/T01/B01/{PASSWORD}", "http://127.0.0.1:80/services/***"),
        (f"slack://T0/B0/{PASSWORD}", "slack://***"),
        (f"Bearer xoxb-1-{PASSWORD}", "Bearer xoxb-***"),
        (f"password: {PASSWORD}", "password: ***"),
        ("a window of 3 days, 12 new, https://pubmed.ncbi.nlm.nih.gov/1/", "a window of 3 days, 12 new, https://pubmed.ncbi.nlm.nih.gov/1/"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_starred_and_nothing_else(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_no_library_logs_a_secret_in_a_message_an_argument_or_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("debug", "json")
    log = logging.getLogger("some.library")

    log.warning("GET /?api_key=%s", KEY)
    try:
        raise RuntimeError(f"cannot log in to mailtos://me:{PASSWORD}@smtp.lab.example")
    except RuntimeError:
        log.exception("failed")

    err = capsys.readouterr().err
    assert KEY not in err
    assert PASSWORD not in err
    assert [json.loads(line)["level"] for line in err.splitlines()] == ["warning", "error"]


def test_no_value_beside_a_message_is_logged_with_its_secret(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", "json")
    url = f"mailtos://me:{PASSWORD}@smtp.lab.example"

    structlog.get_logger().info("sent", urls=[url], by={"url": url}, why=ValueError(url), count=3, nobody=None)

    told = json.loads(capsys.readouterr().err)
    assert PASSWORD not in json.dumps(told)
    assert (told["event"], told["count"], told["nobody"]) == ("sent", 3, None)
    assert told["by"] == {"url": "mailtos://me:***@smtp.lab.example"}


def test_console_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", "console")

    logging.getLogger("x").info("a run began")
    logging.getLogger("x").debug("unheard")

    (line,) = capsys.readouterr().err.splitlines()
    assert "a run began" in line
    assert not line.startswith("{")


def test_piped_lines_are_json_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", "auto")

    logging.getLogger("x").info("a run began")

    assert json.loads(capsys.readouterr().err)["event"] == "a run began"


def test_chatty_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("debug", "console")

    logging.getLogger("apprise").info("Sent Email to x")
    logging.getLogger("urllib3.connectionpool").debug("GET /?api_key=x")
    logging.getLogger("apprise").warning("something is wrong")

    assert [line for line in capsys.readouterr().err.splitlines() if "something is wrong" not in line] == []


def test_setting_up_twice_says_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("info", "console")
    set_up("info", "console")

    logging.getLogger("x").info("once")

    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("style", ["json", "console"])
def test_nothing_that_is_logged_acts_on_the_terminal(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    acting = "\x1b[31m\x9b2J\r\u202e\u2066\x7f"
    set_up("info", style)

    logging.getLogger("x").warning("it said %s", acting)
    structlog.get_logger().info("sent", to=[acting], by={acting: acting})
    try:
        raise RuntimeError(acting)
    except RuntimeError:
        logging.getLogger("x").exception("failed")

    told = capsys.readouterr().err
    assert len(told) > 100
    assert [one for one in acting if one in told] == ["[", "3", "1", "m", "2", "J"]
