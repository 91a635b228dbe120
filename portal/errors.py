"""What a user can mend, told in one line, with what to do about it. A fault of the program itself has a traceback."""

from __future__ import annotations

import os
import re
from typing import Final

from botocore import exceptions as aws

from settings import SettingsError

LOCAL: Final = 'eval "$(make -s env)"'
START_LOCAL: Final = f"the local cloud is started by: localcloud start; then: {LOCAL}"
REACH: Final = f"AWS_ENDPOINT_URL and the network lead there; {START_LOCAL}"
LOG_IN: Final = f"log in to AWS (aws sso login, or AWS_PROFILE), or for the local cloud: {LOCAL}"
_UNREACHABLE = (aws.ConnectionError, aws.HTTPClientError)
_WITHOUT_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.NoAuthTokenError,
    aws.SSOError,
    aws.ProfileNotFound,
)
_REFUSED_CREDENTIALS = frozenset({
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
_ENGINE: Final = {
    "PULUMI_ACCESS_TOKEN must be set": f"PULUMI_BACKEND_URL says where the state is; of the local cloud: {LOCAL}",
    "unable to open state directory": START_LOCAL,
    r"connection refused|no such host|i/o timeout": REACH,
    r"failed to (refresh cached|retrieve) credentials|no valid credential sources|get credentials": LOG_IN,
}
"""What the engine prints, as regular expressions, and what to do then."""


class PortalError(Exception):
    """The message names the argument, its value and the rule."""


class EngineError(PortalError):
    """A command of the engine failed; ``output`` is all that it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def user_message(error: BaseException) -> str | None:
    """What the command line prints of an error before it ends; None for a fault of the program itself."""
    if isinstance(error, EngineError):
        return _of_engine(error)
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, PortalError | aws.BotoCoreError | aws.ClientError | OSError):
        return "; ".join(part for part in (f"error: {error}", _advice(error.__cause__ or error)) if part)
    return None


def _of_engine(error: EngineError) -> str:
    printed = error.output.strip()
    advice = next((text for pattern, text in _ENGINE.items() if re.search(pattern, printed)), "")
    if advice and "\n" not in printed:
        return f"{printed}; {advice}"
    return "; ".join(part for part in (f"{printed}\nerror: {error}", advice) if part)


def code_of(error: aws.ClientError) -> str:
    """AWS's code of an error; empty if it has none."""
    return error.response.get("Error", {}).get("Code", "")


def _advice(error: BaseException) -> str:
    """What to do about an error of AWS's client; empty if there is nothing to say that its text doesn't."""
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return LOG_IN
    if isinstance(error, aws.ClientError):
        refused = code_of(error) in _REFUSED_CREDENTIALS
        return LOG_IN if refused else ""
    if isinstance(error, _UNREACHABLE):
        return REACH if os.environ.get("AWS_ENDPOINT_URL") else "AWS does not answer: is the network there?"
    return ""
