"""Refusals that several operations of S3 share, in AWS's words."""

from __future__ import annotations

from localcloud.server.call import Refusal


def malformed_xml() -> Refusal:
    return Refusal(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def access_denied() -> Refusal:
    return Refusal("AccessDenied", "Access Denied", 403)


def not_implemented(what: str) -> Refusal:
    """For what AWS does and this does not: an error that names it."""
    return Refusal("NotImplemented", f"{what} is not implemented here", 501)


def not_configured(code: str, message: str, bucket: str) -> Refusal:
    """404 for a configuration that a bucket doesn't have."""
    return Refusal(code, message, 404, BucketName=bucket)
