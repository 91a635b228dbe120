"""Checks of policy documents for the calls that store them: each service's own code for what is wrong.

IAM answers MalformedPolicyDocument, KMS MalformedPolicyDocumentException, both with status 400.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from localcloud.server.access import documents
from localcloud.server.access.policy import Policy
from localcloud.server.call import Refusal


@contextmanager
def _faults_as(code: str) -> Generator[None]:
    try:
        yield
    except documents.Fault as fault:
        raise Refusal(code, str(fault)) from fault


def check_identity_policy(text: str) -> Policy:
    """A policy of a user, group or role, a managed policy or a boundary."""
    with _faults_as("MalformedPolicyDocument"):
        return documents.check_identity(text)


def check_trust_policy(text: str) -> Policy:
    """A role's trust policy."""
    with _faults_as("MalformedPolicyDocument"):
        return documents.check_trust(text)


def check_key_policy(text: str) -> Policy:
    """A KMS key's policy."""
    with _faults_as("MalformedPolicyDocumentException"):
        return documents.check_key(text)
