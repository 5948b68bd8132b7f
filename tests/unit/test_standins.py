"""The stand-ins as a package: without anything of watcher, and the same ones for the demo as for the tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import standins.eutils.server
import standins.inbox.mail
from watcher import demo

ROOT = Path(__file__).parents[2]

ALL_IN_A_PROCESS_OF_THEIR_OWN = """\
import importlib, json, pkgutil, sys
import standins
names = [found.name for found in pkgutil.walk_packages(standins.__path__, "standins.")]
for name in names:
    importlib.import_module(name)
print(json.dumps([names, [name for name in sys.modules if name.split(".")[0] == "watcher"]]))
"""


def test_no_stand_in_brings_anything_of_watcher_with_it() -> None:
    command = [sys.executable, "-c", ALL_IN_A_PROCESS_OF_THEIR_OWN]

    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words

    names, of_watcher = json.loads(said)
    assert {"standins.crossref", "standins.eutils.server", "standins.inbox.mail", "standins.inbox.slack"} <= set(names)
    assert of_watcher == []


def test_the_demo_starts_the_very_servers_that_the_tests_know() -> None:
    assert vars(demo)["eutils"].EutilsServer is standins.eutils.server.EutilsServer
    assert vars(demo)["inbox"].MailServer is standins.inbox.mail.MailServer
    assert [name for name in sys.modules if name.startswith("watcher.standins")] == []
