"""Why a host was not reached, in words that name it."""

from __future__ import annotations

import ssl

from watcher.errors import DeliveryError
from watcher.failing import cause, in_words


def unreached(who: str, host: str, error: OSError) -> DeliveryError:
    """The failure behind an error of the connection. All may pass but a certificate that cannot be verified.

    Args:
        who: whom the message was for, such as "Slack".
        host: the host that was asked; it is named.
        error: what was raised; its own text is not told, since it may hold the address with its secret.
    """
    named = who if who == host else f"{who} ({host})"
    certificate = cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        return DeliveryError(
            f"the certificate of {host} cannot be verified: {certificate.verify_message}",
            permanent=True,
            fix="use the name that the certificate carries, or make the institute's CA known by REQUESTS_CA_BUNDLE",
        )
    return DeliveryError(f"{named} {in_words(error)}", permanent=False)
