"""What the secrets store refuses to mount."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.kubernetes.node.errors import CannotMountError
from localcloud.kubernetes.node.secrets_store import files_of

OBJECTS = "- {objectName: dev/password, objectType: secretsmanager}"
PARAMETERS = {"usePodIdentity": "true", "objects": OBJECTS}


def files(**spec: Any) -> dict[str, str]:
    return files_of({"spec": {"provider": "aws", "parameters": PARAMETERS, **spec}}, lambda asked: asked["SecretId"])


def test_a_secret_is_a_file() -> None:
    assert files() == {"dev_password": "dev/password"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"provider": "vault"}, "provider 'vault' is not installed: aws is"),
        ({"parameters": {"objects": OBJECTS}}, 'parameters.usePodIdentity is not "true": the local cloud has no IRSA'),
        ({"secretObjects": [{"secretName": "x"}]}, "secretObjects: the local cloud makes no Kubernetes Secret"),
        (
            {"parameters": {**PARAMETERS, "objects": "- {objectName: x, objectType: ssmparameter}"}},
            "objectType 'ssmparameter': the local cloud has secretsmanager alone",
        ),
        ({"parameters": {**PARAMETERS, "objects": "- {objectName: x, color: red}"}}, "color unknown"),
    ],
)
def test_what_is_not_carried_out_is_refused(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotMountError, match=said):
        files(**spec)
