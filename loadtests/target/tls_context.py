"""What TLS needs to know of a target: which certificates to trust, and our own."""

import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from loadtests.target.key_source import TargetError, path_in
from loadtests.target.own_service import Tls
from loadtests.target.toml_tables import checked, table_of

_TABLE = {"ca_file": str, "cert_file": str, "key_file": str, "verify": bool}


def tls_of(values: Mapping[str, Any], where: str, folder: str) -> Tls:
    """Return what the table [tls] of a target says.

    Args:
        values: The description of the target.
        where: How it is named in messages.
        folder: Where relative paths begin.

    Raises:
        TargetError: Something of it is missing or wrong.
    """
    tls = checked(table_of(values, "tls", where), _TABLE, f"{where}, tls")
    for name in ("ca_file", "cert_file", "key_file"):
        if given := tls.get(name):
            tls[name] = path_in(folder, given)
            if not Path(tls[name]).is_file():
                raise TargetError(f"{where}: tls.{name} must be a file, got {given!r}; correct it")
    if tls.get("key_file") and not tls.get("cert_file"):
        raise TargetError(
            f"{where}: tls.key_file needs its certificate, got {tls['key_file']!r} alone; add"
            " cert_file"
        )
    return Tls(**tls)


@cache  # The certificates of a system take tens of milliseconds, in which nothing is sent.
def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return the context of every connection to a target.

    Raises:
        TargetError: A file of it is not a certificate or a key, or the key has a password.
    """

    def no_password() -> str:
        raise TargetError(
            f"tls must name a key without a password, got {tls.key_file or tls.cert_file}; such as"
            " openssl pkey -in KEY -out KEY.plain writes"
        )

    try:
        context = ssl.create_default_context(cafile=tls.ca_file or None)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file or None, no_password)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(filter(None, (tls.ca_file, tls.cert_file, tls.key_file)))
        raise TargetError(f"tls must name certificates in PEM, got {files}: {error}") from None
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def why_not_reached(error: Exception) -> str:
    """Return in words why a server was not reached, and the way out where TLS is the reason."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message.rstrip('.')}); name the"
            " certificate of who signed it as ca_file in [tls] of --target-file, or say"
            " verify = false there"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"TLS failed ({error.reason or error}); begin the URL with http:// if the server has"
            " no TLS, or correct [tls] of --target-file"
        )
    return str(getattr(error, "strerror", None) or error)
