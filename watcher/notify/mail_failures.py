"""What it means when a mail server did not take a mail."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence

from watcher.errors import DeliveryError

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\S)")


def smtp_failure(error: OSError | smtplib.SMTPException, host: str) -> DeliveryError:
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
    if type(error) is smtplib.SMTPException:  # what login() raises when no way to log in is common to both
        return DeliveryError(
            f"{host} offers no login by password", permanent=True, fix="use a server that does, such as the institute's relay"
        )
    if isinstance(error, smtplib.SMTPNotSupportedError) and "SMTPUTF8" in str(error):
        return DeliveryError(
            f"{host} takes no address with letters beyond ASCII (SMTPUTF8)",
            permanent=True,
            fix="write an address in ASCII, or use a server that takes others",
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
    return DeliveryError(f"{host} {_plain(error)}", permanent=False)


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
    return max(code, 0), " ".join(_one_code(text.splitlines()).split())


def _one_code(lines: Sequence[str]) -> str:
    """An answer of several lines with its enhanced status code once: each line repeats that of the first (RFC 2034, 4)."""
    found = [_ENHANCED.match(line) for line in lines]
    repeats = [bool(one and found[0] and one[1] == found[0][1]) for one in found[1:]]
    further = (_ENHANCED.sub("", line, count=1) if repeated else line for line, repeated in zip(lines[1:], repeats, strict=True))
    return " ".join([*lines[:1], *further])


def _plain(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, TimeoutError):
        return "did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "hung up"
    said = "no such host" if isinstance(error, socket.gaierror) else str(error.strerror or "").lower()
    return f"could not be reached or hung up ({said})" if said else "could not be reached or hung up"
