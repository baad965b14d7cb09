"""Certificates for ``--cert``: files as given, or one made up for the moment."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, TypeAlias

from demijohn.devserver.options import ServeError

if TYPE_CHECKING:  # ssl takes its time, and only TLS needs it; TypeIs is new in Python 3.13
    from ssl import SSLContext

    from typing_extensions import TypeIs

_Path: TypeAlias = str | os.PathLike[str]

#: What ``ssl_context`` and ``--cert`` may be: nothing, ``"adhoc"``, a file with certificate and key, a pair of
#: files, or a context that exists only in memory.
Certificate: TypeAlias = "_Path | tuple[_Path, _Path | None] | SSLContext | None"


def is_ssl_context(value: object) -> TypeIs[SSLContext]:
    """Whether ``value`` is an ``ssl.SSLContext``; looked up without importing ``ssl``."""
    module = sys.modules.get("ssl")
    return module is not None and isinstance(value, module.SSLContext)


class AdhocCertificate:
    """A self-signed certificate in a private temporary directory, removed by :meth:`remove`.

    :param host: The name it is made for.
    :raises ServeError: When ``cryptography`` is not installed.
    """

    def __init__(self, host: str) -> None:
        # Imported here: heavy, and only for this.
        from werkzeug.serving import generate_adhoc_ssl_pair

        try:
            # Imported here: an optional requirement.
            from cryptography.hazmat.primitives import serialization
        except ImportError:
            raise ServeError(
                "Using ad-hoc certificates requires the cryptography library: pip install cryptography."
            ) from None
        certificate, key = generate_adhoc_ssl_pair(cn=host)
        pem = serialization.Encoding.PEM
        self.directory = tempfile.mkdtemp(prefix="demijohn-cert-")  # only its owner may enter
        self.pair = (os.path.join(self.directory, "cert.pem"), os.path.join(self.directory, "key.pem"))
        with open(self.pair[0], "wb") as file:
            file.write(certificate.public_bytes(pem))
        with open(self.pair[1], "wb") as file:
            plain = serialization.NoEncryption()
            file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.directory, ignore_errors=True)


def certificate_files(
    cert: Certificate, host: str
) -> tuple[tuple[str, str] | None, AdhocCertificate | None]:  # fmt: skip
    """The pair of files to serve with, and the made-up certificate to remove afterwards, if any.

    :param cert: None, ``"adhoc"``, or a pair of file names (the key may be in the same file).
    :raises ServeError: For files that make no certificate, and for an ``SSLContext``: its key cannot be
        handed on to Granian.
    """
    if not cert:
        return None, None
    if cert == "adhoc":
        made = AdhocCertificate(host)
        return made.pair, made
    if is_ssl_context(cert):
        raise ServeError(
            "An SSLContext cannot be used here, because Granian reads the files itself:"
            " give the certificate and the key with --cert FILE --key FILE."
        )
    certificate, key = (cert, None) if isinstance(cert, (str, os.PathLike)) else cert
    pair = (os.fspath(certificate), os.fspath(key or certificate))
    _check(*pair)
    return pair, None


def _check(certificate: str, key: str) -> None:
    """Read the files as the server will, so that a wrong one is told before anything is started."""
    # Imported here: it takes its time, and only TLS needs it.
    import ssl

    def no_password() -> str:
        raise ServeError(f"The key {key!r} is protected by a password, which nobody would be there to type.")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, no_password)
    except OSError as error:  # ssl.SSLError is one
        raise ServeError(
            f"The certificate {certificate!r} with the key {key!r} cannot be used: {error.strerror or error}."
            " Both are PEM files, and the key is that of the certificate."
        ) from None
