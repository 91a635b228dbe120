"""aws:secretsmanager/secret:Secret and aws:secretsmanager/secretVersion:SecretVersion.

AWS facts: a secret's ARN, its id here, is its name and six characters of AWS's; the name of a secret that waits for its
deletion is taken until then; the version that is current can't be taken away, only followed by another.
"""

import base64
import secrets
import uuid
from typing import Any, ClassVar, Final

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, invalid_principal
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of, retag
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"ResourceNotFoundException"})
_CURRENT: Final = "AWSCURRENT"


class Secret(Resource):
    """A secret, without a value."""

    tf = "aws_secretsmanager_secret"
    pulumi = "aws:secretsmanager/secret:Secret"
    awaits_removal = True
    handles = frozenset({"name", "name_prefix", "description", "kms_key_id", "policy"})
    steers: ClassVar = {"force_overwrite_replica_secret": False, "recovery_window_in_days": 30}

    def create(self, op: Operation) -> str:
        request = {"Description": op.new.get("description"), "KmsKeyId": op.new.get("kms_key_id")}
        made = op.client("secretsmanager").create_secret(
            Name=name_of(op.new),
            ClientRequestToken=str(uuid.uuid4()),
            Tags=as_list(op.new["tags_all"]),
            **{key: value for key, value in request.items() if value},
        )
        return str(made["ARN"])

    def settle(self, op: Operation) -> None:
        if op.new.get("policy"):
            self._put_policy(op)

    def read(self, op: Operation) -> State | None:
        client, secret = op.client("secretsmanager"), {"SecretId": op.resource_id}
        found = optional(lambda: client.describe_secret(**secret), _GONE)
        if found is None or found.get("DeletedDate"):
            return None
        return {
            "arn": found["ARN"],
            "name": found["Name"],
            "description": found.get("Description", ""),
            "kms_key_id": found.get("KmsKeyId", ""),
            "policy": client.get_resource_policy(**secret).get("ResourcePolicy", ""),
            "tags_all": as_map(found.get("Tags", [])),
        }

    def update(self, op: Operation) -> None:
        client, secret = op.client("secretsmanager"), {"SecretId": op.resource_id}
        if op.changed & {"description", "kms_key_id"}:
            key = {"KmsKeyId": op.new["kms_key_id"]} if op.new.get("kms_key_id") else {}
            client.update_secret(**secret, Description=op.new.get("description") or "", **key)
        if "policy" in op.changed:
            if op.new.get("policy"):
                self._put_policy(op)
            else:
                client.delete_resource_policy(**secret)
        retag(op, client.tag_resource, client.untag_resource, secret)

    def delete(self, op: Operation) -> None:
        days = op.old.get("recovery_window_in_days")
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        optional(lambda: op.client("secretsmanager").delete_secret(SecretId=op.resource_id, **how), _GONE)

    def _put_policy(self, op: Operation) -> None:
        put = op.client("secretsmanager").put_resource_policy
        op.retry(
            lambda: put(SecretId=op.resource_id, ResourcePolicy=op.new["policy"]),
            invalid_principal,
            PROPAGATION_SECONDS,
        )


class SecretVersion(Resource):
    """A value of a secret. Its id is the secret's and the version's, joined by `|`."""

    tf = "aws_secretsmanager_secret_version"
    pulumi = "aws:secretsmanager/secretVersion:SecretVersion"
    handles = frozenset(
        {
            "secret_id", "secret_string", "secret_binary", "secret_string_wo", "secret_string_wo_version",
            "version_stages",
        }
    )  # fmt: skip

    def create(self, op: Operation) -> str:
        stages, binary = op.new.get("version_stages"), op.new.get("secret_binary")
        text = op.new.get("secret_string") or op.new.get("secret_string_wo")
        op.new.get("secret_string_wo_version")
        made = op.client("secretsmanager").put_secret_value(
            SecretId=op.new["secret_id"],
            ClientRequestToken=secrets.token_hex(16),
            **({"SecretBinary": base64.b64decode(binary)} if binary else {"SecretString": text}),
            **({"VersionStages": stages} if stages else {}),
        )
        return f"{op.new['secret_id']}|{made['VersionId']}"

    def read(self, op: Operation) -> State | None:
        """A value that is only written is not read."""
        secret, _, version = op.resource_id.rpartition("|")
        written_only = op.old.get("secret_string_wo_version") is not None
        found = _listed(op, secret, version) if written_only else _value(op, secret, version)
        if found is None:
            return None
        return {
            "arn": found["ARN"],
            "secret_arn": found["ARN"],
            "secret_id": secret,
            "version_id": version,
            "version_stages": found["VersionStages"],
            "has_secret_string_wo": written_only,
            "secret_string_wo_version": op.old.get("secret_string_wo_version"),
            "secret_string": None if written_only else found.get("SecretString"),
            "secret_binary": base64.b64encode(found["SecretBinary"]).decode() if "SecretBinary" in found else None,
        }

    def update(self, op: Operation) -> None:
        if "version_stages" in op.changed:
            old, new = set(op.old.get("version_stages") or []), set(op.new.get("version_stages") or [])
            self._move(op, sorted(old - new), "RemoveFromVersionId")
            self._move(op, sorted(new - old), "MoveToVersionId")

    def delete(self, op: Operation) -> None:
        """Labels that a later version took are gone from this one."""
        secret, _, version = op.resource_id.rpartition("|")
        written_only = op.old.get("secret_string_wo_version") is not None
        found = _listed(op, secret, version) if written_only else _value(op, secret, version)
        stages: list[str] = (found or {}).get("VersionStages", [])
        self._move(op, sorted(set(stages) - {_CURRENT}), "RemoveFromVersionId")

    def _move(self, op: Operation, stages: list[str], how: str) -> None:
        client, (secret, _, version) = op.client("secretsmanager"), op.resource_id.rpartition("|")
        for stage in stages:
            request = {"SecretId": secret, "VersionStage": stage, how: version}
            optional(lambda request=request: client.update_secret_version_stage(**request), _GONE)


def _value(op: Operation, secret: str, version: str) -> dict[str, Any] | None:
    client = op.client("secretsmanager")
    return optional(lambda: client.get_secret_value(SecretId=secret, VersionId=version), _GONE)


def _listed(op: Operation, secret: str, version: str) -> dict[str, Any] | None:
    """The version without its value."""
    asked: dict[str, Any] = {"SecretId": secret, "IncludeDeprecated": True}
    while answer := optional(lambda: op.client("secretsmanager").list_secret_version_ids(**asked), _GONE):
        for one in answer["Versions"]:
            if one["VersionId"] == version:
                return {"ARN": answer["ARN"], "VersionStages": one.get("VersionStages", [])}
        if "NextToken" not in answer:
            return None
        asked["NextToken"] = answer["NextToken"]
    return None
