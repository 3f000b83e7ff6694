"""What TLS needs to know of a target: which certificates to trust, and our own."""

import ssl
from functools import cache

from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Tls


@cache  # The certificates of a system take tens of milliseconds, in which nothing is sent.
def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return the context of every connection to a target.

    Raises:
        TargetError: A file of it is not a certificate or a key.
    """
    try:
        context = ssl.create_default_context(cafile=tls.ca_file or None)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file or None)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(filter(None, (tls.ca_file, tls.cert_file, tls.key_file)))
        raise TargetError(f"tls must name certificates in PEM, got {files}: {error}") from None
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
