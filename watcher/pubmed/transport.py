"""HTTP to E-utilities: one session, one exchange at a time within its deadline and up to a length, and the same exchange again when
it failed in passing.

Every request is a POST, so that neither a long term nor the API key is ever part of a URL, and thereby of a log or an exception.
The key is added when a request is signed, last of all, and no exception of `requests` (which carry their request) leaves this
module. It never reads an answer: what is one is decided by `failures` and the reader it is given.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from watcher.deadline import MEGABYTE, Exchange, body, new_session, within
from watcher.errors import AnswerTooLong, BudgetExceeded, ConfigurationError, IncompleteAnswer, Problem, PubMedError, Stopped
from watcher.pubmed import pace as pacing
from watcher.pubmed.failures import Again, check
from watcher.pubmed.reply import Reply

T = TypeVar("T")
Parameters = Mapping[str, str]

MOST_REDIRECTS: Final = 3
MOST_BYTES: Final = 20 * MEGABYTE
MOST_OF_RECORDS: Final = 200 * MEGABYTE
"""How long an answer may be unpacked: one with records, at most 200, and any other, at most 10,000 ids."""
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

_log = logging.getLogger(__name__)
_back_off = wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=FIRST_PAUSE)


class Transport:
    """Asks one E-utilities address and brings back what a reader understood of the answer.

    `deadline` bounds one exchange in seconds, redirections counted, tries not; `max_attempts` counts the first try. `on_retry` is told one line
    before each further try; without it they are logged as warnings. Once `stopping` is set, no exchange begins and no pause goes on.
    """

    def __init__(
        self,
        base_url: str,
        *,
        identity: Parameters,
        api_key: str | None,
        connect_timeout: float,
        read_timeout: float,
        deadline: float,
        max_attempts: int,
        sleep: Callable[[float], None] | None = None,
        on_retry: Callable[[str], None] | None = None,
        pace: pacing.Pace | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._base_url = _checked(base_url)
        self._identity = dict(identity)
        self._redact = _Redaction(api_key)
        self._timeouts = (min(connect_timeout, deadline), min(read_timeout, deadline))
        self._deadline = deadline
        self._max_attempts = max_attempts
        self._stopping = stopping or threading.Event()
        self._sleep = sleep
        self._on_retry = on_retry or _log.warning
        self._pace = pace or pacing.shared(self._base_url, with_key=bool(api_key))
        self._session = _session(self._base_url, identity.get("tool", "watcher"), _Signature(api_key))
        self._counting = threading.Lock()
        self.requests_made = 0

    def ask(self, tool: str, parameters: Parameters, read: Callable[[Reply], T]) -> T:
        """POST to `tool` ("esearch") until `read` understands the answer, and return what it returns.

        `read` raises `Again` for an answer that is none. Raises what `read` and `failures.check` raise otherwise, and after the
        last try the error that the last failure stands for: PubMedUnavailable, BudgetExceeded, IncompleteAnswer or BadQuery; Stopped
        instead of a try once the service is to stop.
        """

        def once() -> T:
            return self._try(tool, parameters, read)

        try:
            return self._tries(tool)(once)
        except Again as again:
            failure = again.final(tool, self._max_attempts)
        except PubMedError as error:
            failure = error
        # Raised outside the except clauses: no context, in which a traceback could find the request with its key.
        raise self._without_secrets(failure)

    def close(self) -> None:
        """Close the session's connections."""
        self._session.close()

    # --- again and again -------------------------------------------------------------------------------------------------------

    def _tries(self, tool: str) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(Again),
            stop=stop_after_attempt(self._max_attempts),
            wait=_pause,
            sleep=self._nap,
            before_sleep=lambda state: self._tell(tool, state),
            reraise=True,
        )

    def _try(self, tool: str, parameters: Parameters, read: Callable[[Reply], T]) -> T:
        reply = self._exchange(tool, parameters)
        check(reply, tool)
        try:
            return read(reply)
        except IncompleteAnswer as error:
            cut_off = Again(str(error), kind=IncompleteAnswer, status=reply.status)
        raise cut_off

    def _nap(self, seconds: float) -> None:
        if self._sleep:
            self._sleep(seconds)
        else:
            self._stopping.wait(seconds)

    def _tell(self, tool: str, state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0.0
        what = self._redact(_failure(state).what)
        tries = f"try {state.attempt_number + 1} of {self._max_attempts}"
        self._on_retry(f"PubMed {tool}: {what}; asking again in {seconds:.1f} s ({tries})")

    def _without_secrets(self, error: PubMedError) -> PubMedError:
        clean = self._redact(str(error))
        error.args = (clean,)
        return error

    # --- one exchange ----------------------------------------------------------------------------------------------------------

    def _exchange(self, tool: str, parameters: Parameters) -> Reply:
        """One question and its reply, redirections inside the same house followed."""
        form = {**parameters, **self._identity}
        self._wait_my_turn()
        with within(self._deadline, most_bytes=MOST_OF_RECORDS if tool == "efetch" else MOST_BYTES) as exchange:
            try:
                return self._followed(urljoin(self._base_url, f"{tool}.fcgi"), form)
            except OSError as error:  # requests' own exceptions are OSErrors; so is a CA bundle that is not there
                failure = self._failed(tool, error, exchange)
        raise failure

    def _followed(self, url: str, form: Parameters) -> Reply:
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._post(url, form)
            if reply.status not in (301, 302, 303, 307, 308):
                return reply
            url = _redirected(url, reply.headers.get("Location", ""))
            self._wait_my_turn()
        raise Again(f"more than {MOST_REDIRECTS} redirections", status=reply.status)

    def _wait_my_turn(self) -> None:
        if self._stopping.is_set():
            raise Stopped
        self._pace.wait()

    def _post(self, url: str, form: Parameters) -> Reply:
        with self._counting:
            self.requests_made += 1
        answer = self._session.post(url, data=form, timeout=self._timeouts, allow_redirects=False, stream=True)
        with answer:
            return Reply(answer.status_code, body(answer), answer.headers, by_history="WebEnv" in form)

    def _failed(self, tool: str, error: OSError, exchange: Exchange) -> Again | PubMedError:
        if exchange.was_too_long:
            return AnswerTooLong(f"{tool}: PubMed, or what answers in its place, {exchange.failure}: the answer was thrown away")
        if exchange.failure:
            return Again(f"no whole answer within {self._deadline:g} s", kind=BudgetExceeded)
        return Again(_described(error))


class _Signature(AuthBase):
    """Adds the API key to the body of a request that is otherwise ready to go."""

    def __init__(self, api_key: str | None) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._api_key:
            request.body = f"{request.body!s}&{urlencode({'api_key': self._api_key})}"
        return request


class _Redaction:
    """Replaces the API key wherever NCBI echoes it."""

    def __init__(self, api_key: str | None) -> None:
        self._api_key = api_key

    def __call__(self, text: str) -> str:
        return text.replace(self._api_key, "[API key]") if self._api_key else text


def _pause(state: RetryCallState) -> float:
    return max(_back_off(state), _failure(state).at_least)


def _failure(state: RetryCallState) -> Again:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, Again) else Again("no answer")


# --- the session ---------------------------------------------------------------------------------------------------------------


def _checked(base_url: str) -> str:
    """The address with one slash at its end. Raises ConfigurationError for what is no address."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            Problem(
                f"pubmed.base_url is no web address: {base_url}",
                "leave it out, or write for example https://eutils.ncbi.nlm.nih.gov/entrez/eutils/",
            )
        )
    return base_url.rstrip("/") + "/"


def _session(base_url: str, tool: str, signature: AuthBase) -> requests.Session:
    session = new_session()
    session.auth = signature
    session.headers["User-Agent"] = tool
    session.trust_env = not _is_loopback(urlsplit(base_url).hostname or "")
    session.verify = _ca_bundle() or True
    return session


def _is_loopback(host: str) -> bool:
    """A server on this machine is never reached through a proxy, whatever the environment says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _ca_bundle() -> str | None:
    """A private CA: the variables of requests, then that of OpenSSL, which requests does not read."""
    named = (os.environ.get(name) for name in _CA_VARIABLES)
    return next((path for path in named if path and Path(path).exists()), None)


def _redirected(url: str, location: str) -> str:
    """Where a redirection leads, if it stays on the same host and is no less secret."""
    here, there = urlsplit(url), urlsplit(urljoin(url, location))
    same_house = here.hostname == there.hostname and (here.port == there.port or there.scheme == "https")
    if not location or not same_house or (here.scheme == "https" and there.scheme != "https"):
        raise Again(f"a redirection to {there.scheme}://{there.hostname}, which is not followed; is pubmed.base_url right?")
    return there.geturl()


def _described(error: OSError) -> str:
    """What happened on the way, in words. The texts of `requests` are not used: they may hold a proxy's address with its password."""
    if not isinstance(error, requests.RequestException):
        return str(error)
    for kind, text in _MISHAPS:
        if isinstance(error, kind):
            return f"{text}{_reason(error)}"
    return f"the connection failed{_reason(error)}"


_MISHAPS: Final = (
    (requests.exceptions.ProxyError, "the proxy (HTTPS_PROXY, HTTP_PROXY) cannot be reached or refused"),
    (requests.exceptions.SSLError, "no secure connection; is a private CA missing from REQUESTS_CA_BUNDLE?"),
    (requests.exceptions.ConnectTimeout, "no connection within pubmed.connect_timeout_seconds"),
    (requests.exceptions.ReadTimeout, "nothing came within pubmed.read_timeout_seconds"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ContentDecodingError, "the answer cannot be decompressed"),
)


def _reason(error: BaseException) -> str:
    """The operating system's own words at the bottom of a chain of exceptions, if there are any."""
    seen: set[int] = set()
    below: object = error
    while isinstance(below, BaseException) and id(below) not in seen:
        seen.add(id(below))
        if isinstance(below, OSError) and below.strerror and not isinstance(below, requests.RequestException):
            return f" ({below.strerror})"
        first = below.args[0] if below.args else None
        below = getattr(below, "reason", None) or below.__cause__ or below.__context__ or first
    return ""
