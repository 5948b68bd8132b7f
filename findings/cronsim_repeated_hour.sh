#!/usr/bin/env bash
# cronsim 2.8 (PyPI), in a time zone with summer time:
#  1. asked from inside the hour that the clocks repeat in autumn, the next slot may lie BEFORE the instant asked from: it is
#     given on the first of the two passes (fold=0) although the instant is on the second;
#  2. a schedule whose times lie wholly in the hour that is skipped in spring, `*/15 2 * * *`, does not fire on that day at all.
# Seen: asked from 01:05 UTC, next 00:30 UTC; asked from 27 March 2027 12:00, next 29 March 02:00.
# A good engineer expects an iterator over times after an instant to be after it. Here a slot is asked for by wall time and placed by us
# (docs/decisions/0040 and watcher/schedule.py). Fails when cronsim behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cronsim==2.8
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

zone = ZoneInfo("Europe/Berlin")
asked = datetime(2026, 10, 25, 2, 5, tzinfo=zone, fold=1)
slot = next(CronSim("30 2 * * *", asked))
print("asked from", asked.astimezone(UTC), "next", slot.astimezone(UTC))
assert slot.astimezone(UTC) < asked.astimezone(UTC)

slot = next(CronSim("*/15 2 * * *", datetime(2027, 3, 27, 12, tzinfo=zone)))
print("asked from 27 March 2027 12:00, next", slot)
assert slot.isoformat() == "2027-03-29T02:00:00+02:00", slot
PYTHON
