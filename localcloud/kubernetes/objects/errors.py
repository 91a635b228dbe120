"""What the API server refuses, in Kubernetes' words, and as the Status object that clients get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Json = dict[str, Any]
"""An object, a list of objects, or a Status, as the API writes it."""


class ApiError(Exception):
    """The API server's refusal: the HTTP status, and ``reason`` and ``message`` of its Status object."""

    def __init__(self, status: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or {}

    def body(self) -> Json:
        answer: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        return answer | ({"details": self.details} if self.details else {}) | {"code": self.status}

    @classmethod
    def of(cls, body: Json, status: int) -> ApiError:
        """The refusal that an answer's Status object states."""
        return cls(status, str(body.get("reason", "")), str(body.get("message", "")), body.get("details"))


GONE: Final = "Expired"


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def not_found(resource: str, name: str) -> ApiError:
    """``resource`` is plural and group, ``deployments.apps``."""
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _details(resource, name))


def already_exists(resource: str, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{resource} "{name}" already exists', _details(resource, name))


def conflict(resource: str, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def forbidden(resource: str, name: str, why: str) -> ApiError:
    message = f'{resource} "{name}" is forbidden: {why}' if name else f"{resource} is forbidden: {why}"
    return ApiError(403, "Forbidden", message, _details(resource, name))


def expired(asked: str, oldest: int) -> ApiError:
    return ApiError(410, GONE, f"too old resource version: {asked} ({oldest})")


def invalid(kind: str, name: str, causes: Sequence[str]) -> ApiError:
    """``kind`` is kind and group, ``Deployment.apps``; each cause is ``path: rule``."""
    text = causes[0] if len(causes) == 1 else f"[{', '.join(causes)}]"
    listed = [{"message": cause.partition(": ")[2], "field": cause.partition(": ")[0]} for cause in causes]
    details = {"name": name, "kind": kind.partition(".")[0], "group": kind.partition(".")[2], "causes": listed}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def _details(resource: str, name: str) -> Json:
    plural, _, group = resource.partition(".")
    return {"name": name} | ({"group": group} if group else {}) | {"kind": plural}
