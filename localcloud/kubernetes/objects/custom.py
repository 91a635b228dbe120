"""Schemas of the custom resources: NodeClass and TargetGroupBinding of EKS Auto Mode, Karpenter's NodePool, and the
SecretProviderClass of the secrets store add-on.

EKS's own differ from what projects of the same name define: a binding needs its targetType, has no targetGroupName, and
takes security groups alone in `networking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
_META: Final[Schema] = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_FLAG: Final[Schema] = {"type": "boolean"}
_TEXTS: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}
_NUMBER_OR_TEXT: Final[Schema] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
_ANYTHING: Final[Schema] = {"type": "object"}


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _kind(spec: Schema, *, status: bool = True, spec_required: bool = True) -> Schema:
    properties = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": _META, "spec": spec}
    return _object(("spec",) if spec_required else (), **properties, **({"status": _ANYTHING} if status else {}))


_SUBNETS: Final = _list(_object(id=_TEXT, tags=_TEXTS))
_GROUPS: Final = _list(_object(id=_TEXT, name=_TEXT, tags=_TEXTS))
_NODE_CLASS: Final = _object(
    ("subnetSelectorTerms", "securityGroupSelectorTerms"),
    role=_TEXT,
    instanceProfile=_TEXT,
    subnetSelectorTerms=_SUBNETS,
    securityGroupSelectorTerms=_GROUPS,
    podSubnetSelectorTerms=_SUBNETS,
    podSecurityGroupSelectorTerms=_GROUPS,
    capacityReservationSelectorTerms=_list(_object(id=_TEXT, ownerID=_TEXT, tags=_TEXTS)),
    snatPolicy=_one_of("Random", "Disabled"),
    networkPolicy=_one_of("DefaultAllow", "DefaultDeny", "Disabled"),
    networkPolicyEventLogs=_one_of("Enabled", "Disabled"),
    ephemeralStorage=_object(size=_TEXT, iops=_NUMBER, throughput=_NUMBER, kmsKeyID=_TEXT),
    advancedNetworking=_object(
        associatePublicIPAddress=_FLAG, httpsProxy=_TEXT, noProxy=_list(_TEXT), ipv4PrefixSize=_TEXT
    ),
    advancedSecurity=_object(fips=_FLAG, kernelLockdown=_TEXT),
    certificateBundles=_list(_object(("name", "data"), name=_TEXT, data=_TEXT)),
    tags=_TEXTS,
)
_TAINT: Final = _object(
    ("key", "effect"), key=_TEXT, value=_TEXT, effect=_one_of("NoSchedule", "PreferNoSchedule", "NoExecute")
)
_REQUIREMENT: Final = _object(
    ("key", "operator"),
    key=_TEXT,
    operator=_one_of("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
    values=_list(_TEXT),
    minValues=_NUMBER,
)
_NODE_POOL: Final = _object(
    ("template",),
    template=_object(
        ("spec",),
        metadata=_object(labels=_TEXTS, annotations=_TEXTS),
        spec=_object(
            ("nodeClassRef", "requirements"),
            nodeClassRef=_object(("group", "kind", "name"), group=_TEXT, kind=_TEXT, name=_TEXT),
            requirements=_list(_REQUIREMENT),
            taints=_list(_TAINT),
            startupTaints=_list(_TAINT),
            expireAfter=_TEXT,
            terminationGracePeriod=_TEXT,
        ),
    ),
    disruption=_object(
        ("consolidateAfter",),
        consolidationPolicy=_one_of("WhenEmpty", "WhenEmptyOrUnderutilized"),
        consolidateAfter=_TEXT,
        budgets=_list(
            _object(
                ("nodes",),
                nodes=_TEXT,
                schedule=_TEXT,
                duration=_TEXT,
                reasons=_list(_one_of("Underutilized", "Empty", "Drifted")),
            )
        ),
    ),
    limits={"type": "object", "additionalProperties": _NUMBER_OR_TEXT},
    weight=_NUMBER,
)
_BINDING: Final = _object(
    ("serviceRef", "targetGroupARN", "targetType"),
    serviceRef=_object(("name", "port"), name=_TEXT, port=_NUMBER_OR_TEXT),
    targetGroupARN=_TEXT,
    targetType=_one_of("instance", "ip"),
    networking=_object(
        ingress=_list(
            _object(
                ("from", "ports"),
                **{
                    "from": _list(_object(securityGroup=_object(("groupID",), groupID=_TEXT))),
                    "ports": _list(_object(port=_NUMBER_OR_TEXT, protocol=_one_of("TCP", "UDP"))),
                },
            )
        )
    ),
    nodeSelector={"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"},
    vpcID=_TEXT,
    ipAddressType=_one_of("ipv4", "ipv6"),
    multiClusterTargetGroup=_FLAG,
)
_SECRET_PROVIDER_CLASS: Final = _object(
    provider=_TEXT,
    parameters=_TEXTS,
    secretObjects=_list(
        _object(
            secretName=_TEXT,
            type=_TEXT,
            labels=_TEXTS,
            annotations=_TEXTS,
            data=_list(_object(key=_TEXT, objectName=_TEXT)),
        )
    ),
)
CUSTOM: Final[Mapping[str, Schema]] = {
    "NodeClass": _kind(_NODE_CLASS),
    "NodePool": _kind(_NODE_POOL),
    "TargetGroupBinding": _kind(_BINDING),
    "SecretProviderClass": _kind(_SECRET_PROVIDER_CLASS, spec_required=False),
}
