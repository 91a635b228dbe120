"""Secrets Manager: moto's secrets, with what AWS refuses and moto takes.

AWS facts, of the service authorization reference and of what AWS was seen to answer: a call is decided on the ARN that
the secret has, whichever way the call names it; of a secret that isn't there, on the ARN that its name alone would
give, so that a grant on ``name-??????`` does not tell whether there is one; creation on the name and an unknown end.
"""

from __future__ import annotations

from localcloud.server.access.permission import Values
from localcloud.server.call import Call
from localcloud.server.service import Service

from . import store


def _label(call: Call) -> Values:
    """Without a version, the current one is meant."""
    if call.operation == "GetSecretValue" and not {"VersionId", "VersionStage"} & call.params.keys():
        return {"secretsmanager:VersionStage": [store.CURRENT]}
    return {}


SERVICE = Service(
    name="secretsmanager",
    operations={
        ("arn:aws:secretsmanager:{region}:{account}:secret:{Name}-*",): "CreateSecret",
        ("{SecretId}",): """CancelRotateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy
            GetSecretValue ListSecretVersionIds PutResourcePolicy PutSecretValue RestoreSecret RotateSecret TagResource
            UntagResource UpdateSecret UpdateSecretVersionStage""",
        ("*",): "GetRandomPassword ListSecrets",
    },
    account=store.owner,
    stands_for={"SecretId": store.arn},
    tags_on_create={"CreateSecret": "TagResource"},
    condition_keys={
        f"secretsmanager:{name}": name
        for name in (
            "Name", "Description", "KmsKeyId", "SecretId", "VersionId", "VersionStage", "BlockPublicPolicy",
            "ForceDeleteWithoutRecovery", "RecoveryWindowInDays", "RotationLambdaARN",
        )
    },
    context=_label,
    resource=store.resource,
    inventory=store.inventory,
    modules=("operations", "passwords"),
)  # fmt: skip
