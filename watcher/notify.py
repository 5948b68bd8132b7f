"""The only module that knows Apprise: one stored message to one recipient of one channel.

Apprise decides where and how (its URL, its transport settings); what is sent is ours. Two of its plugins are subclassed so that our
own bytes travel and the other side's answer comes back: `DigestEmail` passes an `EmailMessage` to smtplib, `DigestSlack` posts a
Block Kit payload. Any other Apprise URL gets the text. Both subclasses lean on names inside Apprise, so its version is pinned
exactly and a contract test watches those names. This module keeps nothing, and tries once: what comes after is the store's.

A send ends after SEND_SECONDS whatever the other side does. Time-outs of sockets are per read, so that a server which sends a byte
now and then is never late; hence `_Deadline`, which cuts the connections. Other Apprise plugins make connections of their own,
which cannot be cut: such a send is left behind in its thread.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import apprise
import requests
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.slack import NotifySlack
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from watcher.domain import UNKNOWN_URL, Channel, ChannelKind, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLACK_BASE_URL = "WATCHER_SLACK_BASE_URL"
SEND_SECONDS = 60.0
SMTP_TIMEOUT_SECONDS = 20
DATA_SECONDS = 60  # servers look for viruses and spam before they take a mail
QUIT_SECONDS = 5.0
HTTP_TIMEOUT_SECONDS = (10, 20)
RIS_TYPE = "application/x-research-info-systems"

_SLACK_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FORMS = {
    ChannelKind.EMAIL: "write for example mailtos://user:password@smtp.lab.example?from=watcher@lab.example",
    ChannelKind.SLACK: "write the webhook's https address as Slack shows it, or slack://TokenA/TokenB/TokenC",
    ChannelKind.OTHER: "write an Apprise URL; its wiki lists the services",
}

mimetypes.add_type(RIS_TYPE, ".ris")


class _Deadline:
    """Cuts every connection made in its block when SEND_SECONDS have passed, so that whoever reads or writes there returns.

    It holds a duplicate of each socket: that one stays valid when TLS takes the socket over, and belongs to nobody else.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timers = [self._timer(SEND_SECONDS, self._end)]

    def __enter__(self) -> Self:
        self._token = _DEADLINE.set(self)
        self._timers[0].start()
        return self

    def __exit__(self, *_raised: object) -> None:
        _DEADLINE.reset(self._token)
        for timer in self._timers:
            timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> socket.socket:
        """Cut this one too.

        Raises:
            TimeoutError: the deadline has passed already.
        """
        with self._lock:
            if self.is_over:
                connected.close()
                raise TimeoutError("the deadline of the whole send has passed")
            self._sockets.append(connected.dup())
        return connected

    def cut_after(self, seconds: float) -> None:
        """Cut the connections sooner, which is no failure of the send."""
        timer = self._timer(seconds, self._cut)
        self._timers.append(timer)
        timer.start()

    def late(self, who: str) -> DeliveryError | None:
        """The failure, when the deadline has passed. What was read until then may be half an answer, and is not judged."""
        return _late(who) if self.is_over else None

    @staticmethod
    def _timer(seconds: float, then: Callable[[], None]) -> threading.Timer:
        timer = threading.Timer(seconds, then)
        timer.daemon = True
        return timer

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


_DEADLINE: ContextVar[_Deadline] = ContextVar("deadline")


class _Smtp(smtplib.SMTP):
    """Keeps the deadline of the block it is made in, from the first byte of the greeting on."""

    def _get_socket(self, *args: Any) -> socket.socket:  # noqa: ANN401 - the signature of smtplib
        return _DEADLINE.get().watch(super()._get_socket(*args))  # type: ignore[misc]  # typeshed leaves it out

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401 - bytes or text, as smtplib has it
        """Send the mail itself, and wait longer for the answer than for others."""
        if self.sock is not None:
            self.sock.settimeout(DATA_SECONDS)
        answer = super().data(msg)
        if self.sock is not None:
            self.sock.settimeout(SMTP_TIMEOUT_SECONDS)
        return answer


class _SmtpTls(smtplib.SMTP_SSL, _Smtp):
    """The same inside TLS: SMTP_SSL wraps the socket that `_Smtp` makes."""


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _DEADLINE.get().watch(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _DEADLINE.get().watch(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """The transport adapter whose connections keep the deadline of the block they are made in."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of requests
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature of requests
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    return session


def _late(who: str) -> DeliveryError:
    return DeliveryError(f"{who} did not finish within {SEND_SECONDS:g} s", permanent=False)


class DigestEmail(NotifyEmail):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Sends one ready `EmailMessage` to one address through the server that the Apprise URL names."""

    outgoing: tuple[EmailMessage, str]
    failure: DeliveryError | None = None

    def send(self, *_args: object, **_kwargs: object) -> bool:
        """Hand the message over; a refusal is kept in `failure` with its SMTP code."""
        message, recipient = self.outgoing
        with _Deadline() as deadline:
            try:
                with self.connection() as smtp:
                    smtp.send_message(message, from_addr=self.from_addr[1], to_addrs=[recipient])
            except (OSError, smtplib.SMTPException) as error:
                self.failure = deadline.late(self.smtp_host) or _smtp_failure(error, self.smtp_host)
        return self.failure is None

    @contextmanager
    def connection(self) -> Iterator[smtplib.SMTP]:
        """A connection as the URL wants it: plain, STARTTLS or TLS, logged in when it names a user and a password.

        It is made inside a `_Deadline`.

        Raises:
            OSError, smtplib.SMTPException: it could not be made.
        """
        context = ssl.create_default_context()
        if not self.verify_certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        smtp = (
            _SmtpTls(self.smtp_host, self.port, timeout=SMTP_TIMEOUT_SECONDS, context=context)
            if self.secure_mode == "ssl"
            else _Smtp(self.smtp_host, self.port, timeout=SMTP_TIMEOUT_SECONDS)
        )
        try:
            if self.secure_mode == "starttls":
                smtp.starttls(context=context)
            if self.user and self.password:
                smtp.login(self.user, self.password)
            yield smtp
        finally:
            _hang_up(smtp)


class DigestSlack(NotifySlack):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Posts one ready Block Kit payload; `post_url`, when set, is a webhook that is not at Slack's own address."""

    outgoing: Mapping[str, Any]
    post_url: str | None = None
    failure: DeliveryError | None = None

    def _send(self, url: str, payload: Mapping[str, Any], *_args: object, **_kwargs: object) -> dict[str, Any] | bool:
        """Post ours instead of Apprise's payload, whose channel and user name are kept; keep status and Retry-After."""
        addressed = {key: payload[key] for key in ("channel", "username", "thread_ts") if payload.get(key)}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        with _Deadline() as deadline, _session() as session:
            try:
                answer = session.post(
                    self.post_url or url,
                    data=json.dumps({**self.outgoing, **addressed}).encode(),
                    headers=headers,
                    timeout=HTTP_TIMEOUT_SECONDS,
                    verify=self.verify_certificate,
                    allow_redirects=False,
                )
            except OSError as error:  # those of requests are OSErrors too
                unreached = DeliveryError(f"Slack could not be reached ({type(error).__name__})", permanent=False)
                self.failure = deadline.late("Slack") or unreached
                return False
            self.failure = deadline.late("Slack") or _slack_failure(answer)
        return {"ok": True} if self.failure is None else False


class Notifier:
    """Sends deliveries. `slack_base_url` replaces Slack's hosts, for proxies and tests."""

    def __init__(self, *, slack_base_url: str | None = None) -> None:
        self._slack_base_url = (slack_base_url or os.environ.get(SLACK_BASE_URL) or "").rstrip("/")

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:
        """Hand one message over.

        Args:
            delivery: what, and to whom.
            channel: its channel as configured now.
            now: the present instant; the Date of a first attempt.

        Raises:
            DeliveryError: it was not taken; `permanent` says whether sending the same again can help.
        """
        try:
            plugin = self._plugin(channel)
        except ConfigurationError as error:
            problem = error.problems[0]
            raise DeliveryError(problem.what, permanent=True, fix=problem.fix) from None
        if isinstance(plugin, DigestEmail):
            plugin.outgoing = (_email(delivery, channel, plugin, now), delivery.recipient or plugin.targets[0][1])
        elif isinstance(plugin, DigestSlack):
            plugin.outgoing = json.loads(delivery.message.payload["json"])
        text = delivery.message.payload.get("text") or delivery.message.subject
        _notify(plugin, channel, text, delivery.message.subject)

    def recipients(self, channel: Channel) -> tuple[str, ...]:
        """To whom a channel delivers, each a delivery of its own: `to`, else the addresses in its URL; ("",) when it has none.

        Raises:
            ConfigurationError: the channel's URL is not understood.
        """
        if channel.kind is not ChannelKind.EMAIL:
            return ("",)
        if channel.to:
            return channel.to
        plugin = self._plugin(channel)
        named = [address for _, address in plugin.targets]
        return tuple(dict.fromkeys([*named, *sorted(plugin.cc), *sorted(plugin.bcc)]))

    def check(self, channel: Channel) -> None:
        """Whether the channel's URL is understood.

        Raises:
            ConfigurationError: it is not; the URL is not repeated.
        """
        self._plugin(channel)

    def reach(self, channel: Channel) -> str:
        """Go as far towards the channel as is possible without sending anything.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
            ConfigurationError: the channel's URL is not understood.
        """
        plugin = self._plugin(channel)
        if isinstance(plugin, DigestEmail):
            with _Deadline() as deadline:
                try:
                    with plugin.connection() as smtp:
                        smtp.noop()
                except (OSError, smtplib.SMTPException) as error:
                    raise deadline.late(plugin.smtp_host) or _smtp_failure(error, plugin.smtp_host) from None
            return f"{plugin.smtp_host}:{plugin.port} answers{' and accepts the login' if plugin.user and plugin.password else ''}"
        if isinstance(plugin, DigestSlack):
            return _reach_http(plugin.post_url or plugin.webhook_url)
        return "understood; this service can only be tried by sending (`watcher send-test`)"

    def _plugin(self, channel: Channel) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
        if channel.url == UNKNOWN_URL:
            what = f"the url of channel {channel.name!r} is not known: the configuration file is broken"
            raise ConfigurationError(Problem(what, "mend the file; `watcher check` names the line"))
        if channel.kind is ChannelKind.EMAIL:
            return _instance(channel, DigestEmail, NotifyEmail)
        if channel.kind is ChannelKind.SLACK:
            return self._slack(channel)
        plugin = apprise.Apprise.instantiate(channel.url, asset=_asset())
        if plugin is None:
            raise _not_understood(channel)
        return plugin

    def _slack(self, channel: Channel) -> DigestSlack:
        direct = _direct_webhook(channel)
        if direct:
            plugin = DigestSlack(token_a="T0", token_b="B0", token_c="X0", asset=_asset())  # noqa: S106 - placeholders
            plugin.post_url = direct
        else:
            plugin = _instance(channel, DigestSlack, NotifySlack)
        if self._slack_base_url:
            plugin.webhook_url = f"{self._slack_base_url}/services"
            plugin.api_url = f"{self._slack_base_url}/api/{{}}"
        return plugin


def _asset() -> apprise.AppriseAsset:
    """One attempt, in this thread, as long as its own time-outs allow."""
    return apprise.AppriseAsset(app_id="watcher", async_mode=False, service_timeout=0)


def _instance(channel: Channel, ours: Any, theirs: Any) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
    parsed = apprise.Apprise.instantiate(channel.url, asset=_asset())
    if not isinstance(parsed, theirs):
        raise _not_understood(channel)
    settings = theirs.parse_native_url(channel.url) if channel.url.startswith("http") else theirs.parse_url(channel.url)
    return ours(**settings, asset=_asset())


def _not_understood(channel: Channel) -> ConfigurationError:
    kind = {ChannelKind.EMAIL: "an email", ChannelKind.SLACK: "a Slack", ChannelKind.OTHER: "an Apprise"}[channel.kind]
    return ConfigurationError(Problem(f"the url of channel {channel.name!r} is not {kind} URL", _FORMS[channel.kind]))


def _direct_webhook(channel: Channel) -> str | None:
    """The address of a webhook that is not at Slack's own host: https, or plain http on loopback only."""
    parts = urlsplit(channel.url)
    if parts.scheme not in ("http", "https") or (parts.hostname or "").endswith((".slack.com", ".slack-gov.com")):
        return None
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            Problem(
                f"the url of channel {channel.name!r} is plain http, which shows its secret on the way", "write its https address"
            )
        )
    return channel.url


def _notify(plugin: Any, channel: Channel, text: str, subject: str) -> None:  # noqa: ANN401 - Apprise ships no types for its plugins
    service = apprise.Apprise(asset=_asset())
    service.add(plugin)

    def notify() -> Any:  # noqa: ANN401 - Apprise's own result
        return service.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT)

    ours = isinstance(plugin, DigestEmail | DigestSlack)
    result = notify() if ours else _left_behind_when_late(notify, f"channel {channel.name!r}")
    failure = getattr(plugin, "failure", None)
    if failure is not None:
        raise failure
    if not result:
        raise DeliveryError(
            f"channel {channel.name!r} did not take the message (Apprise says {result.status.name.lower()})",
            permanent=False,
            fix=f"try `watcher send-test {channel.name}`",
        )


def _left_behind_when_late(work: Callable[[], Any], who: str) -> Any:  # noqa: ANN401 - whatever the work returns
    """Do the work in a thread, and wait for it no longer than SEND_SECONDS."""
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            done.set_exception(error)

    worker = threading.Thread(target=run, name="apprise", daemon=True)
    worker.start()
    worker.join(SEND_SECONDS)
    if not done.done():
        raise _late(who)
    return done.result()


# --- email ---------------------------------------------------------------------------------------------------------------------


def _email(delivery: Delivery, channel: Channel, plugin: DigestEmail, now: datetime) -> EmailMessage:
    """The message as it travels. Everything but the stored parts belongs to the delivery and is the same at each attempt."""
    parts = delivery.message.payload
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = formataddr((str(plugin.from_addr[0] or "watcher"), str(plugin.from_addr[1])))
    message["To"] = delivery.recipient or plugin.targets[0][1]
    message["Subject"] = " ".join(delivery.message.subject.split())
    message["Date"] = format_datetime(delivery.first_attempt_at or now)
    message["Message-ID"] = f"<{delivery.rfc822_id}>"
    reply_to = channel.reply_to or ", ".join(sorted(plugin.reply_to))
    if reply_to:
        message["Reply-To"] = reply_to
    message["Auto-Submitted"] = "auto-generated"
    for name, value in delivery.message.headers.items():
        message[name] = " ".join(value.split())
    message.set_content(parts["text"])
    if parts.get("html"):
        message.add_alternative(parts["html"], subtype="html")
    if parts.get("ris"):
        message.add_attachment(
            parts["ris"].encode(),
            maintype="application",
            subtype=RIS_TYPE.removeprefix("application/"),
            filename=parts.get("ris_name") or "papers.ris",
        )
    _fix_boundaries(message, delivery.rfc822_id)
    return message


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(f'{seed}/{number}'.encode()).hexdigest()[:32]}")


def _smtp_failure(error: OSError | smtplib.SMTPException, host: str) -> DeliveryError:
    """What an SMTP exchange's failure means: 4xx and dropped lines may pass, 5xx, refused logins and certificates cannot."""
    code, said = _smtp_answer(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(
            f"{host} refused the login ({code} {said})",
            permanent=code >= 500,
            code=code,
            fix="check user and password in the channel's URL; many providers want an app password, and Microsoft has switched "
            "password logins for SMTP off: use the institute's relay there",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(f"{host} does not offer what the URL asks for: {error}", permanent=True, fix="change mode= in the URL")
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError(
            f"the certificate of {host} cannot be verified: {error.verify_message}",
            permanent=True,
            fix="use the name that the certificate carries, or make the institute's CA known by SSL_CERT_FILE",
        )
    if code:
        return DeliveryError(f"{host} answered {code} {said}", permanent=code >= 500, code=code)
    what = "did not answer in time" if isinstance(error, TimeoutError) else f"could not be reached or hung up ({_plain(error)})"
    return DeliveryError(f"{host} {what}", permanent=False)


def _smtp_answer(error: OSError | smtplib.SMTPException) -> tuple[int, str]:
    code: int
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return 0, ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return max(code, 0), " ".join(text.split())


def _plain(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say goodbye. Nobody waits long for the answer: until this returns, a mail that was taken is not written down as sent."""
    _DEADLINE.get().cut_after(QUIT_SECONDS)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(QUIT_SECONDS)
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()


# --- Slack ---------------------------------------------------------------------------------------------------------------------


def _slack_failure(answer: requests.Response) -> DeliveryError | None:
    """What Slack's answer means: 429 and 5xx may pass, other refusals cannot until something is changed."""
    said = _slack_error(answer)
    if 200 <= answer.status_code < 300 and said is None:
        return None
    passing = answer.status_code == 429 or answer.status_code >= 500 or said in _SLACK_PASSING
    return DeliveryError(
        f"Slack answered {answer.status_code} {said or answer.reason}",
        permanent=not passing,
        retry_after=_seconds(answer.headers.get("Retry-After")),
        code=answer.status_code,
        fix="" if passing else "check that the webhook and its channel still exist, and make a new webhook if not",
    )


def _slack_error(answer: requests.Response) -> str | None:
    """The error word of a bot's JSON or of a webhook's text; None when the message was taken."""
    text = answer.text.strip()[:200]
    if text.startswith("{"):
        try:
            told = json.loads(answer.text)
        except ValueError:
            return "an answer that is no JSON"
        return None if told.get("ok", answer.ok) else str(told.get("error", "error"))
    return None if answer.ok else text or None


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _reach_http(url: str) -> str:
    host = urlsplit(url).hostname or ""
    root = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
    with _Deadline() as deadline, _session() as session:
        try:
            session.head(root, timeout=HTTP_TIMEOUT_SECONDS, allow_redirects=False)
        except OSError as error:  # those of requests are OSErrors too
            unreached = DeliveryError(f"{host} could not be reached ({type(error).__name__})", permanent=False)
            raise deadline.late(host) or unreached from None
        late = deadline.late(host)
        if late is not None:
            raise late
    return f"{host} answers; a webhook can only be tried by sending (`watcher send-test`)"
