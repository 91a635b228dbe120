"""What a call needs to be allowed, as data, and the errors of working it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class Unmapped(Exception):  # noqa: N818 - the gateway answers NotImplemented with its text
    """An operation (or a parameter of it) whose permissions are not known here."""


Values = dict[str, list[str]]
"""Condition keys of a request with their values."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One action on one resource.

    ``owner_account`` is the account that the resource belongs to (None: nobody's, so the caller's account decides);
    ``resource_policy`` the document on the resource, if it has one. ``context`` has the condition keys that this
    action brings; those of every request are added when it is decided.
    """

    action: str
    resource: str
    context: Values = field(default_factory=dict[str, list[str]])
    owner_account: str | None = None
    resource_policy: str | None = None
    policy_to_store: str | None = None
    """The bucket policy that the call is to store."""
    public_access_blocks: Mapping[str, Sequence[str]] | None = None
    """Of the bucket that the permission is for: the settings that are on, of it and of its account."""
