"""Temporary credentials of roles, which STS gives out and services get when they assume a role."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from localcloud.server.access.resources import Role, generate_access_key_id_from_account_id

from .call import Caller
from .retention import drops, over

DEFAULT_SECONDS = 3600
RENEWED_BEFORE = timedelta(minutes=20)
"""Before they expire: SDKs ask for new credentials 15 minutes before."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Session:
    """Temporary credentials that STS gave out. ``chained``: asked for with temporary credentials."""

    caller: Caller
    secret: str
    token: str
    expires: datetime
    chained: bool = False


SESSIONS: dict[str, Session] = {}
"""By access key id."""
KEPT_EXPIRED = timedelta(hours=1)
"""So long AWS is told apart here from an unknown key; AWS does not say how long it does."""


@drops
def drop_expired() -> None:
    for key, session in list(SESSIONS.items()):
        if session.expires < datetime.now(UTC) and over(session.expires, KEPT_EXPIRED):
            SESSIONS.pop(key, None)


def open_session(
    role: Role,
    session_name: str,
    *,
    seconds: int = DEFAULT_SECONDS,
    policy: str | None = None,
    chained: bool = False,
    tags: Mapping[str, str] | None = None,
) -> tuple[str, Session]:
    """Temporary credentials of a role: the access key id, and the session that it stands for."""
    account = str(role.account_id)
    key = generate_access_key_id_from_account_id(account, prefix="ASIA")
    caller = Caller(
        kind="assumed-role",
        account_id=account,
        arn=f"arn:aws:sts::{account}:assumed-role/{role.name}/{session_name}",
        principal_arn=role.arn,
        user_id=f"{role.id}:{session_name}",
        access_key_id=key,
        session_policy=policy,
        session_tags=dict(tags or {}),
    )
    session = Session(
        caller=caller,
        secret=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(96),
        expires=datetime.now(UTC) + timedelta(seconds=seconds),
        chained=chained,
    )
    SESSIONS[key] = session
    return key, session


class Renewed(Generic[T]):
    """Credentials that an agent holds for a container: it answers from memory, however busy the server is with calls.

    ``assume`` gives new ones and when they expire, and may raise Refusal. Whoever does not wait for it finds its result
    at the next try.
    """

    def __init__(self, assume: Callable[[], tuple[T, datetime]]) -> None:
        self._assume = assume
        self._held: tuple[T, datetime] | None = None

    def get(self) -> T:
        """The credentials, new ones shortly before they expire. Raises Refusal."""
        held = self._held
        if held is None or held[1] - datetime.now(UTC) < RENEWED_BEFORE:
            held = self._held = self._assume()
        return held[0]
