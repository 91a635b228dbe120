"""Errors that end an operation with a sentence for the user, and what they look like."""

from typing import Any


class ProviderError(Exception):
    """The operation cannot go on; the text names what and why."""


class PartlyCreatedError(ProviderError):
    """The resource exists but a later step of its creation or update failed: the engine must record it.

    `state` is what is known of it, so that the next update starts from there; `inputs` are the same where the type has
    no others. Properties named in `secrets` are secret.
    """

    def __init__(
        self,
        resource_id: str,
        state: dict[str, Any],
        reason: str,
        *,
        inputs: dict[str, Any] | None = None,
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state
        self.inputs = state if inputs is None else inputs
        self.secrets = secrets


def error_code(error: BaseException) -> str:
    """AWS's error code of a botocore ClientError, "" for any other error."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def describe(error: BaseException) -> str:
    """One line: the operation, AWS's code and AWS's words where there are any."""
    if not error_code(error):
        return str(error) or type(error).__name__
    details: Any = getattr(error, "response", {})
    operation = getattr(error, "operation_name", "request")
    status = details.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
    return f"{operation} (HTTP {status}): {error_code(error)}: {details['Error'].get('Message', '')}"
