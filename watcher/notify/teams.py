"""Microsoft Teams: our own card, posted to a workflow by its address. Only a workflow's own word of success counts as one.

A workflow that has no step which answers says 202 at once, with nothing in it, before it posts
(https://learn.microsoft.com/en-us/azure/connectors/connectors-native-reqres). A refusal is JSON: `{"error": {"code": …, "message": …}}`.
Seen are 400 WorkflowTriggerIsNotEnabled (switched off or deleted), 401 DirectApiAuthorizationRequired (the trigger wants a login, or the
address lacks its signature), 404 WorkflowNotFound, and 429 with Retry-After.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from watcher.domain import Delivery
from watcher.errors import DeliveryError
from watcher.notify.through_apprise import carried
from watcher.notify.way import Way
from watcher.notify.webhook_url import is_safe

if TYPE_CHECKING:
    from watcher.notify.posting import HttpAnswer

_FORM: Final = (
    "write the whole https address that the workflow shows, with its sig=, which it has when anyone may start it; docs/configuration.md says "
    "how to make a workflow"
)
_CODE: Final = re.compile(r"[A-Z][A-Za-z]{2,60}")
_FIXES: Final = {
    "WorkflowTriggerIsNotEnabled": "switch the workflow on in the Workflows app of Teams; if it is gone, make a new one and copy its address",
    "DirectApiAuthorizationRequired": "in the workflow's trigger set who can trigger the flow to Anyone, and copy its address again",
    "WorkflowNotFound": "make a new workflow and copy its address",
}
"""What to do about a refusal, by its code."""
_ADDRESS: Final = "copy the workflow's whole address again, and look whether the workflow is there and on"
_NOT_TEAMS: Final = (
    "what answers is no workflow as it comes: check the channel's url, take out a step that answers by itself, and look whether a proxy or a "
    "login page stands between here and there (`watcher check --online` names the host)"
)


class TeamsWay(Way):
    """A workflow of Power Automate with the trigger "When a Teams webhook request is received". Its address is all that it asks for: the
    signature in it (`sig`) is the secret."""

    @cached_property
    def _address(self) -> str:
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and bool(parse_qs(parts.query).get("sig"))
        except ValueError:
            is_address = False
        if not is_address:
            raise self.not_understood("a Teams", _FORM)
        is_safe(self.url, self.channel)
        return self.url

    def check(self) -> None:
        """Whether the URL is the signed address of a workflow."""
        _ = self._address

    def server(self) -> str:
        """The workflow's host."""
        return urlsplit(self._address).netloc.rpartition("@")[2]

    def reach(self) -> str:
        """Ask that host for its first page."""
        from watcher.notify.posting import reached  # noqa: PLC0415 - the network: only to send or to reach

        return reached(self._address)

    def send(self, delivery: Delivery, now: datetime) -> str:  # noqa: ARG002 - Teams dates its posts
        """Post the stored card."""
        return carried(partial(self._post, delivery.message.payload["json"].encode()), delivery.message.subject)

    def _post(self, body: bytes) -> str:
        from watcher.notify.posting import posted  # noqa: PLC0415 - as above

        failure = _failure(posted("Teams", self._address, body))
        if failure is not None:
            raise failure
        return ""


def _failure(answer: HttpAnswer) -> DeliveryError | None:
    """Why the message was not taken; None when the workflow said that it was.

    429, 408, 425 and 5xx may pass; anything else cannot until something is changed. Of a refusal its code alone is told, since its sentence
    may name the workflow.
    """
    from watcher.notify.posting import PAGE, failed  # noqa: PLC0415 - as above

    if answer.status == 202 and not answer.text:
        return None
    if 200 <= answer.status < 300:
        what = _said(answer) or "without a word"
        told = what if PAGE.match(answer.text) else f"{what}, where a workflow says 202 and nothing more"
        return failed("Teams", answer, told, _NOT_TEAMS, permanent=True)
    if 300 <= answer.status < 400:
        return failed("Teams", answer, "sends elsewhere (a redirect), which a workflow never does", _NOT_TEAMS, permanent=True)
    fix = "" if answer.may_pass else _FIXES.get(_said(answer), _ADDRESS)
    return failed("Teams", answer, _said(answer) or answer.phrase, fix, permanent=not answer.may_pass)


def _said(answer: HttpAnswer) -> str:
    """The code of a refusal, a page's title, or the beginning of the text."""
    told = answer.json
    refusal = told.get("error") if isinstance(told, dict) else None
    code = refusal.get("code") if isinstance(refusal, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else answer.said
