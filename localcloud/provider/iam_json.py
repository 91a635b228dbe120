"""Policy documents: when one is well-formed for pulumi-aws, and when two mean the same.

AWS answers a policy in its own spelling: single values for lists of one, an account id as its root ARN, statements'
actions in another order. Two such documents are no difference (`diff_suppress`: "equivalent IAM policies are no
diff").
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_ACCOUNT: Final = re.compile(r"\d{12}")
_ROOT: Final = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


def policy_fault(text: str) -> str | None:
    """What pulumi-aws itself refuses at plan: no object, leading blank, not JSON. The rest is AWS's to judge."""
    if not text.startswith("{"):
        return "must be an IAM policy: JSON that begins with '{'"
    try:
        parsed = json.loads(text)
    except ValueError as error:
        return f"must be an IAM policy: {error}"
    return None if isinstance(parsed, dict) else "must be an IAM policy: a JSON object"


def same_json(left: str, right: str) -> bool:
    """Whether two texts are the same JSON value; texts that aren't JSON are compared as they are."""
    if left == right:
        return True
    try:
        return json.loads(left) == json.loads(right)
    except ValueError:
        return False


def same_policy(left: str, right: str) -> bool:
    """Whether two policy documents grant the same, by their statements' content and not their spelling."""
    if left == right:
        return True
    try:
        return _document(json.loads(left)) == _document(json.loads(right))
    except ValueError:
        return False


def _document(document: Any) -> Any:
    if not isinstance(document, Mapping):
        return document
    statements = [_statement(item) for item in _many(document.get("Statement", []))]
    rest = {key: value for key, value in document.items() if key != "Statement"}
    rest.setdefault("Version", "2008-10-17")
    return {**rest, "Statement": sorted(statements, key=lambda item: json.dumps(item, sort_keys=True))}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    plain: dict[str, Any] = {"Effect": "Deny"}
    for key, value in statement.items():
        if key in ("Action", "NotAction"):
            plain[key] = sorted({str(item).lower() for item in _many(value)})
        elif key in ("Resource", "NotResource"):
            plain[key] = sorted({str(item) for item in _many(value)})
        elif key in ("Principal", "NotPrincipal"):
            plain[key] = _principal(value)
        elif key == "Condition":
            plain[key] = _condition(value)
        elif not (key == "Sid" and value == ""):
            plain[key] = value
    return plain


def _principal(principal: Any) -> Any:
    if principal == "*":
        return {"AWS": ["*"]}
    if not isinstance(principal, Mapping):
        return principal
    return {kind: sorted({_root(str(item)) for item in _many(value)}) for kind, value in principal.items()}


def _root(principal: str) -> str:
    match = _ROOT.fullmatch(principal)
    return match.group(1) if match else principal


def _condition(condition: Any) -> Any:
    if not isinstance(condition, Mapping):
        return condition
    return {
        operator.lower(): {key.lower(): sorted({_word(item) for item in _many(value)}) for key, value in tests.items()}
        for operator, tests in condition.items()
    }


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
