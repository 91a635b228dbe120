"""Puts a stack right after an update was killed: a lock left behind, and operations of unknown outcome.

The engine writes down each operation before it asks the provider. When either is killed in between, the state says
"creating" and nobody knows whether AWS has the resource. Every name is in the inputs that the engine wrote down (fixed,
or chosen before the call), so the resource's id is too: it is entered into the state, and a refresh keeps what AWS has.
Nothing is left behind in the account, and nothing is made twice.
"""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from portal.pulumi_cli import Pulumi, PulumiError

Inputs = Mapping[str, Any]

LOCK = re.compile(r"created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


class RecoverError(Exception):
    """The stack can't be put right without a person; the message says what to look at."""


def _policy_arn(inputs: Inputs, account: str) -> str:
    return f"arn:aws:iam::{account}:policy{inputs.get('path') or '/'}{inputs['name']}"


def _oidc_arn(inputs: Inputs, account: str) -> str:
    return f"arn:aws:iam::{account}:oidc-provider/{str(inputs['url']).removeprefix('https://')}"


IDS: dict[str, Callable[[Inputs, str], str]] = {
    "aws:s3/bucket:Bucket": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketPolicy:BucketPolicy": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketVersioning:BucketVersioning": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        lambda inputs, _: inputs["bucket"]
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketLogging:BucketLogging": lambda inputs, _: inputs["bucket"],
    "aws:s3/bucketObjectv2:BucketObjectv2": lambda inputs, _: f"{inputs['bucket']}/{inputs['key']}",
    "aws:s3/bucketObject:BucketObject": lambda inputs, _: f"{inputs['bucket']}/{inputs['key']}",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": lambda _, account: account,
    "aws:iam/role:Role": lambda inputs, _: inputs["name"],
    "aws:iam/rolePolicy:RolePolicy": lambda inputs, _: f"{inputs['role']}:{inputs['name']}",
    "aws:iam/policy:Policy": _policy_arn,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda inputs, _: f"{inputs['role']}/{inputs['policyArn']}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc_arn,
    "aws:kms/alias:Alias": lambda inputs, _: inputs["name"],
}
"""The import id of each type, from its inputs and the account's id."""


def pending_imports(deployment: Mapping[str, Any], account: str) -> list[tuple[str, str]]:
    """(URN, import id) of each resource whose creation has no known outcome.

    Raises :class:`RecoverError` for a type whose id AWS chooses: only a person can tell whether it was made.
    """
    found: list[tuple[str, str]] = []
    for operation in deployment.get("pending_operations") or []:
        resource = operation["resource"]
        if operation["type"] != "creating" or not resource.get("custom"):
            continue
        kind = resource["type"]
        if kind.startswith("pulumi:"):
            continue
        if kind not in IDS:
            raise RecoverError(
                f"{resource['urn']}: its creation was interrupted, and AWS chooses the id of a {kind}. Look for it in "
                f"account {account}; then run `pulumi refresh`, which asks for the id or clears the operation"
            )
        found.append((resource["urn"], IDS[kind](resource["inputs"], account)))
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def clear_dead_lock(pulumi: Pulumi, error: PulumiError) -> bool:
    """Removes a lock that ``error`` names if its owner ran on this machine and is gone; False if none is named.

    Raises :class:`RecoverError`, naming owner, host and age, for a lock that may be held.
    """
    locks = list(LOCK.finditer(error.output))
    for lock in locks:
        owner = f"{lock['user']}@{lock['host']} (pid {lock['pid']}) since {lock['since']}"
        if lock["host"] != socket.gethostname():
            raise RecoverError(
                f"{pulumi.stack}: locked by {owner}, another machine; if that run is dead: pulumi cancel"
            )
        if _alive(int(lock["pid"])):
            raise RecoverError(f"{pulumi.stack}: locked by {owner}, which is running")
    if locks:
        pulumi.run("cancel", "--yes")
    return bool(locks)


def settled(export: dict[str, Any], account: str) -> dict[str, Any]:
    """The state with every pending creation taken for done, under the id that it has if it was; nothing is pending."""
    deployment = export["deployment"]
    ids = dict(pending_imports(deployment, account))
    held = {resource["urn"] for resource in deployment.get("resources") or []}
    taken = [
        {**operation["resource"], "id": ids[urn], "outputs": operation["resource"].get("inputs", {})}
        for operation in deployment["pending_operations"]
        if (urn := operation["resource"]["urn"]) in ids and urn not in held
    ]
    resources = [*(deployment.get("resources") or []), *taken]
    return {**export, "deployment": {**deployment, "resources": resources, "pending_operations": []}}


def _enter(pulumi: Pulumi, state: dict[str, Any]) -> None:
    """Writes the state, and lets a refresh keep of it what AWS has."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "state.json"
        file.write_text(json.dumps(state))
        write = ("stack", "import", "--file", str(file))
        try:
            pulumi.run(*write)
        except PulumiError as error:
            if not clear_dead_lock(pulumi, error):
                raise
            pulumi.run(*write)
    # The program says which role to assume; without it the engine would take that of the last update.
    pulumi.run("refresh", "--yes", "--skip-preview", "--run-program")


ALREADY = re.compile(
    r"^  \S+:(?P<kind>\w+) \((?P<name>\S+)\):\n(?:    .*\n)*?    .*(?:BucketAlreadyOwnedByYou|EntityAlreadyExists)",
    re.MULTILINE,
)
"""A diagnostic that says that a resource which the engine wanted to make is in the account already."""


def take_in(pulumi: Pulumi, account: str, error: PulumiError) -> list[str]:
    """Enters into the state what ``error`` says exists already; returns a line for each (empty: nothing of the kind).

    When a provider dies between AWS's answer and its own, the engine takes the creation for failed and forgets it. The
    resource is under the name that the program gives it, which a preview tells; a refresh then reads what it is.
    """
    named = {(found["kind"], found["name"]) for found in ALREADY.finditer(error.output)}
    if not named:
        return []
    planned = [
        step["newState"] for step in json.loads(pulumi.run("preview", "--json"))["steps"] if step["op"] == "create"
    ]
    wanted = [
        one for one in planned
        if one["type"] in IDS and (one["type"].rsplit(":", 1)[-1], one["urn"].rsplit("::", 1)[-1]) in named
    ]  # fmt: skip
    export = json.loads(pulumi.run("stack", "export"))
    export["deployment"]["pending_operations"] = [{"type": "creating", "resource": one} for one in wanted]
    _enter(pulumi, settled(export, account))
    return [f"{one['urn']}: made by an update that was killed, taken in" for one in wanted]


def recover(pulumi: Pulumi, account: str) -> list[str]:
    """Settles every operation of unknown outcome; returns a line for each (empty: nothing to do).

    The state is first written as if each creation had succeeded; the refresh then reads them all, and drops what AWS
    does not have. Raises :class:`RecoverError` and PulumiError; the state is as it was until the whole of it is known.
    """
    export = json.loads(pulumi.run("stack", "export"))
    pending = (export["deployment"] or {}).get("pending_operations") or []
    if not pending:
        return []
    _enter(pulumi, settled(export, account))
    return [f"{entry['type']} {entry['resource']['urn']}: its outcome was looked up in AWS" for entry in pending]
