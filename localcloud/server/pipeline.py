"""What every call goes through, whether a client sent it or a service here makes it itself.

Model checks, permissions, hooks or moto, log line. Everything fails closed: a call that cannot be checked or decided
upon is refused with an error that names what was wrong. State is changed by one call at a time: moto is not made for
several threads, and so decision and act are one. None waits meanwhile: a call that polls is done again and again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from moto.core.model import OperationModel

from .access.decide import decide
from .access.permission import Permission, Unmapped, Values
from .access.policy import PolicyError
from .call import HOOKS, Call, Outcome, Params, Refusal
from .calllog import CallLog
from .errors import denied
from .moto_backend import invoke
from .permissions import permissions
from .serialization import parse_output, to_request
from .validation import validate
from .wire import HttpResponse

LOG = logging.getLogger(__name__)
POLL_SECONDS = 0.05


@dataclass(kw_only=True)
class Server:
    """What the calls need of the running server; set by :func:`connect`. ``lock`` is held while a call is decided upon
    and done."""

    lock: threading.RLock
    stopping: threading.Event
    """Set once the server ends: nothing waits any more."""
    log: CallLog | None = None
    plain_url: str = ""
    url: str = ""
    ca_bundle: str = ""


SERVER = Server(lock=threading.RLock(), stopping=threading.Event())


def connect(log: CallLog | None, *, plain_url: str = "", url: str = "", ca_bundle: str = "") -> None:
    """Tells where calls are logged and where the server listens: plain HTTP, HTTPS, and the file of the authority that
    vouches for it."""
    SERVER.log, SERVER.plain_url, SERVER.url, SERVER.ca_bundle = log, plain_url, url, ca_bundle


class Exchange:
    """One call with the log's entries of its permissions. ``context`` are condition keys beside those that each of its
    permissions brings. ``by_itself``: what AWS does of its own accord, which needs no permission and is in no log."""

    def __init__(self, call: Call, context: Values | None = None, *, by_itself: bool = False) -> None:
        self.call, self._context, self._started = call, context or {}, time.perf_counter()
        self._by_itself = by_itself
        self._decisions: list[dict[str, Any]] = []

    def run(self, operation: OperationModel) -> Params | HttpResponse:
        """The output members; moto's response as it came if nothing here changes it, or if it is an error.

        Raises Refusal.
        """
        call = self.call
        validate(operation, call.params)
        poll = HOOKS.poll_calls.get((call.service, call.operation))
        with SERVER.lock:
            if not self._by_itself:
                self.permit()
            until = time.monotonic() + (poll(call) if poll else 0)
            answer = self._perform(operation)
        while (left := until - time.monotonic()) > 0 and _is_empty(operation, answer):
            if SERVER.stopping.wait(min(left, POLL_SECONDS)):
                break
            with SERVER.lock:
                answer = self._perform(operation)
        SERVER.stopping.wait(max(0.0, call.done_at - time.monotonic()))
        return answer

    def permit(self) -> None:
        """Raises Refusal if the caller lacks a permission that the call needs, or if it isn't known what it needs."""
        call = self.call
        try:
            needed = permissions(call)
        except Unmapped as error:
            text = f"{call.service} {call.operation} is not implemented here: its permissions are not known ({error})."
            raise Refusal("NotImplemented", text, 501) from error
        for permission in needed:
            self.require(replace(permission, context={**permission.context, **self._context}))

    def require(self, permission: Permission) -> None:
        try:
            decision = decide(self.call, permission)
        except PolicyError as error:
            raise Refusal("AccessDenied", f"A policy can not be evaluated: {error}", 403) from error
        if SERVER.log is not None:
            self._decisions.append(SERVER.log.permission(permission, decision))
        if not decision.allowed:
            raise denied(self.call, decision.message)

    def _perform(self, operation: OperationModel) -> Params | HttpResponse:
        """Before hooks, then a hook's answer or moto's, then after hooks on what moto answered."""
        call = self.call
        key = (call.service, call.operation)
        for before in HOOKS.before_calls.get(key, ()):
            before(call)
        instead = HOOKS.instead_calls.get(key)
        if instead is not None:
            return instead(call)
        response = invoke(call, operation, to_request(operation, call.params))
        changes = HOOKS.after_calls.get(key, ())
        if not changes or response.status >= 300:
            return response
        output = parse_output(operation, response)
        for change in changes:
            change(call, output)
        return output

    def finish(self, status: int, code: str = "", sent: int = 0) -> None:
        """Shows the answer to the service's finish hooks and logs the call."""
        took = round((time.perf_counter() - self._started) * 1000)
        outcome = Outcome(status=status, code=code, sent=sent, milliseconds=took)
        for finish in HOOKS.finish_calls.get(self.call.service, ()):
            try:
                finish(self.call, outcome)
            except Exception:
                LOG.exception("after %s %s", self.call.service, self.call.operation)
        if SERVER.log is not None and not self._by_itself:
            SERVER.log.call(self.call, self._decisions, outcome)

    @contextmanager
    def finished(self, status: int = 200) -> Generator[None]:
        """Finishes the call with what the ``with`` block comes to: a refusal, a failure, or ``status``."""
        try:
            yield
        except Refusal as refusal:
            self.finish(refusal.status, refusal.code)
            raise
        except Exception:
            self.finish(500, "InternalFailure")
            raise
        self.finish(status)


def _is_empty(operation: OperationModel, answer: Params | HttpResponse) -> bool:
    if isinstance(answer, HttpResponse):
        if answer.status >= 300:
            return False
        answer = parse_output(operation, answer)
    return not any(answer.values())
