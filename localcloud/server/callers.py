"""From a signature to the :class:`~localcloud.server.call.Caller` who made it.

AWS facts: long-lived keys belong to IAM users (or to an account's root user, who has none here), temporary ones to
sessions that STS gave out, which need their session token and end. The codes differ by protocol: S3 InvalidAccessKeyId,
InvalidToken (400), ExpiredToken (400); query services InvalidClientTokenId (403), ExpiredToken (403); EC2 AuthFailure
(401), RequestExpired; JSON services UnrecognizedClientException, ExpiredTokenException, InvalidSignatureException.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .access import resources
from .call import ANONYMOUS, Caller, Refusal
from .organization import ORGANIZATION
from .sessions import SESSIONS
from .signing import CLOCK_SKEW, Signature, is_signed_by, payload_matches
from .wire import HttpRequest

UNKNOWN_TOKEN = "The security token included in the request is invalid."  # noqa: S105  # AWS's sentence, no secret
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105  # AWS's sentence, no secret
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
S3_UNKNOWN_KEY = "The AWS Access Key Id you provided does not exist in our records."
S3_BAD_TOKEN = "The provided token is malformed or otherwise invalid."  # noqa: S105  # AWS's sentence, no secret
FAULTS: dict[str, dict[str, tuple[str, str, int]]] = {
    "s3": {
        "unknown": ("InvalidAccessKeyId", S3_UNKNOWN_KEY, 403),
        "token": ("InvalidToken", S3_BAD_TOKEN, 400),
        "expired": ("ExpiredToken", "The provided token has expired.", 400),
        "signature": ("SignatureDoesNotMatch", WRONG_SIGNATURE, 403),
    },
    "query": {
        "unknown": ("InvalidClientTokenId", UNKNOWN_TOKEN, 403),
        "token": ("InvalidClientTokenId", UNKNOWN_TOKEN, 403),
        "expired": ("ExpiredToken", EXPIRED_TOKEN, 403),
        "signature": ("SignatureDoesNotMatch", WRONG_SIGNATURE, 403),
    },
    "ec2": {
        "unknown": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
        "token": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
        "expired": ("RequestExpired", "Request has expired.", 400),
        "signature": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    },
    "json": {
        "unknown": ("UnrecognizedClientException", UNKNOWN_TOKEN, 403),
        "token": ("UnrecognizedClientException", UNKNOWN_TOKEN, 403),
        "expired": ("ExpiredTokenException", EXPIRED_TOKEN, 403),
        "signature": ("InvalidSignatureException", WRONG_SIGNATURE, 403),
    },
}


def identify(request: HttpRequest, signature: Signature | None, protocol: str, now: datetime | None = None) -> Caller:
    """The caller; :data:`ANONYMOUS` without a signature. ``protocol`` of the service chooses the error codes.

    Raises Refusal for a key that is unknown or inactive, a wrong token, an expired session or URL, a wrong signature.
    """
    if signature is None:
        return ANONYMOUS
    family = "s3" if signature.service == "s3" else protocol
    faults = FAULTS.get(family) or FAULTS["json" if "json" in family else "query"]
    moment = now or datetime.now(UTC)
    caller, secret, token, expires = _credentials(signature.access_key_id, faults)
    if token is not None and signature.token != token:
        raise Refusal(*faults["token"])
    if token is None and signature.token:
        raise Refusal(*faults["token"])
    if expires is not None and expires <= moment:
        raise Refusal(*faults["expired"])
    _check_time(signature, moment, faults)
    if not is_signed_by(request, signature, secret):
        raise Refusal(*faults["signature"])
    if not payload_matches(request):
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Refusal("XAmzContentSHA256Mismatch", text)
    return caller


def _credentials(key: str, faults: dict[str, tuple[str, str, int]]) -> tuple[Caller, str, str | None, datetime | None]:
    session = SESSIONS.get(key)
    if session is not None:
        if not _role_lives(session.caller):
            raise Refusal(*faults["token"])
        return session.caller, session.secret, session.token, session.expires
    for account in ORGANIZATION.accounts:
        access_key = resources.iam_backend(account).access_keys.get(key)
        if access_key is None or access_key.user_name is None or access_key.status != "Active":
            continue
        user = resources.iam_backend(account).users.get(access_key.user_name)
        if user is None or access_key not in user.access_keys:
            continue
        caller = Caller(
            kind="user",
            account_id=account,
            arn=user.arn,
            principal_arn=user.arn,
            user_id=user.id,
            access_key_id=key,
        )
        return caller, str(access_key.secret_access_key), None, None
    raise Refusal(*faults["unknown"])


def _role_lives(caller: Caller) -> bool:
    """Whether a session's role is still the one that it was: deleted and made anew, it has another unique id."""
    role = resources.by_arn(caller.principal_arn)
    return role is not None and caller.user_id.startswith(f"{role.id}:")


def _check_time(signature: Signature, now: datetime, faults: dict[str, tuple[str, str, int]]) -> None:
    try:
        signed_at = signature.time
    except ValueError:
        raise Refusal(*faults["signature"]) from None
    if signature.expires_in is not None:
        if now > signed_at + timedelta(seconds=signature.expires_in):
            raise Refusal("AccessDenied", "Request has expired", 403)
        if signature.expires_in > 7 * 24 * 3600:
            text = "X-Amz-Expires must be less than a week (in seconds)"
            raise Refusal("AuthorizationQueryParametersError", text)
    elif abs(now - signed_at) > CLOCK_SKEW:
        if signature.service == "s3":
            text = "The difference between the request time and the current time is too large."
            raise Refusal("RequestTimeTooSkewed", text, 403)
        raise Refusal(faults["signature"][0], f"Signature expired: {signature.timestamp}", faults["signature"][2])
