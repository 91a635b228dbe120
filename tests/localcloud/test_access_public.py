"""Which bucket policies are public, by the S3 user guide's meaning of it."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.server.access.public import is_public

from .conftest import DEV
from .policies import allow, document, root


def narrowed(operator: str, key: str, *values: str) -> dict[str, Any]:
    return allow(Principal="*", Condition={operator: {key: list(values)}})


PUBLIC: list[dict[str, Any]] = [
    allow(Principal="*"),
    allow(Principal={"AWS": "*"}),
    allow(Principal={"AWS": [f"arn:aws:iam::{DEV}:root", "*"]}),
    allow(NotPrincipal=root(DEV)),
    narrowed("Bool", "aws:SecureTransport", "true"),
    narrowed("StringLike", "aws:Referer", "https://example.org/*"),
    narrowed("StringNotEquals", "aws:PrincipalAccount", DEV),
    narrowed("StringLike", "aws:PrincipalAccount", "*"),
    narrowed("StringLike", "aws:SourceVpc", "vpc-*"),
    narrowed("StringEqualsIfExists", "aws:PrincipalAccount", DEV),
    narrowed("ForAllValues:StringEquals", "aws:PrincipalAccount", DEV),
    narrowed("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/reader"),
    narrowed("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
    narrowed("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
    narrowed("IpAddress", "aws:SourceIp", "10.0.0.0/8", "0.0.0.0/1"),
    narrowed("StringEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:user/${aws:username}"),
]
NOT_PUBLIC: list[dict[str, Any]] = [
    allow(Principal=root(DEV)),
    allow(Principal={"Service": "logging.s3.amazonaws.com"}),
    allow(Principal="*") | {"Effect": "Deny"},
    narrowed("StringEquals", "aws:PrincipalAccount", DEV),
    narrowed("StringEquals", "aws:PrincipalOrgID", "o-1234567890"),
    narrowed("StringEquals", "aws:SourceVpc", "vpc-1234"),
    narrowed("StringEquals", "aws:SourceVpce", "vpce-1234"),
    narrowed("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{DEV}:role/reader-*"),
    narrowed("ArnEquals", "aws:SourceArn", f"arn:aws:cloudfront::{DEV}:distribution/E1"),
    narrowed("ArnEquals", "aws:SourceArn", "arn:aws:s3:::source"),
    narrowed("IpAddress", "aws:SourceIp", "192.0.2.0/24", "2001:db8::/32"),
    narrowed("StringEquals", "s3:DataAccessPointAccount", DEV),
]


@pytest.mark.parametrize("statement", PUBLIC)
def test_public(statement: dict[str, Any]) -> None:
    assert is_public(document(statement))
    assert is_public(document(allow(Principal=root(DEV)), statement))


@pytest.mark.parametrize("statement", NOT_PUBLIC)
def test_not_public(statement: dict[str, Any]) -> None:
    assert not is_public(document(statement))
