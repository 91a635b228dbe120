"""A certificate authority of this machine's own, and the certificate by which the HTTPS listener is localhost.

Clients trust it through ``AWS_CA_BUNDLE`` alone; nothing is installed into the system. The authority's key never
leaves the process that made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    authority: Path
    certificate: Path
    key: Path


@dataclass
class _Issuer:
    """The authority of this process; None until it is made."""

    authority: trustme.CA | None = None


_ISSUER = _Issuer()


def _authority() -> trustme.CA:
    """One for all that this process serves, however often its accounts are set up."""
    if _ISSUER.authority is None:
        _ISSUER.authority = trustme.CA(organization_name="local cloud")
    return _ISSUER.authority


def issue(*hosts: str) -> tuple[bytes, bytes]:
    """Private key and certificate, as PEM, of a further server that answers by these names and addresses."""
    issued = _authority().issue_cert(*hosts)
    return issued.private_key_pem.bytes(), b"".join(part.bytes() for part in issued.cert_chain_pems)


def make_certificate(folder: Path) -> TlsFiles:
    """Writes ca.pem, server.pem and server.key into ``folder`` (made if missing, readable by the owner alone)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = TlsFiles(authority=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    authority = _authority()
    issued = authority.issue_cert(*HOSTS)
    authority.cert_pem.write_to_path(files.authority)
    files.key.touch(mode=0o600)
    issued.private_key_pem.write_to_path(files.key)
    for index, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(files.certificate, append=index > 0)
    return files
