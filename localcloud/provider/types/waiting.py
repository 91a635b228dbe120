"""Types whose status says how far AWS is with what was asked for; most calls are refused meanwhile."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, Resource, State

Found = dict[str, Any]
FAILED: Final = frozenset({"failed", "incompatible-parameters", "incompatible-network", "upgrade-failed"})
WAIT_SECONDS: Final = 300.0
"""pulumi-aws waits up to two hours; the local cloud takes seconds."""


def await_status(status: Callable[[], str | None], wanted: str | None) -> None:
    """Returns once the status is that one (None: it is gone). Raises ProviderError."""
    deadline, pause = time.monotonic() + WAIT_SECONDS, 0.02
    while (now := status()) != wanted:
        if now is None or now in FAILED or time.monotonic() > deadline:
            raise ProviderError(f"waiting for status {wanted}: it is {now or 'gone'}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


class WithStatus(Resource):
    """A type that is read by one description, with a status in it."""

    status: ClassVar[str]
    """The member of the description that is the status."""
    ready: ClassVar[str]
    """The status of what is made and can be used."""

    def described(self, op: Operation) -> Found | None:
        """As AWS describes it; None: it is gone."""
        raise NotImplementedError

    def state(self, op: Operation, found: Found) -> State:
        """Everything that the description says."""
        raise NotImplementedError

    def settle(self, op: Operation) -> None:
        self.until(op, self.ready)

    def read(self, op: Operation) -> State | None:
        found = self.described(op)
        return None if found is None else self.state(op, found)

    def until(self, op: Operation, wanted: str | None) -> None:
        """Returns once the status is that one (None: it is gone). Raises ProviderError."""
        await_status(lambda: (self.described(op) or {}).get(self.status), wanted)
