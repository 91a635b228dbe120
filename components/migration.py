"""A service's migration: one Job a release, which has ended before the release's first pod starts.

Rests on: Kubernetes documentation "Jobs" (a template can't be changed; a Job that is done stays until it is deleted);
pulumi-kubernetes replaces a Job whose template is another, the old one first where the name stays, waits until the new
one is complete, and with `replaceUnready` makes one that failed anew. An init container of the pods would migrate again
whenever a pod is moved, and with several at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pulumi

from . import manifest, pods, ways
from .service_args import WebServiceArgs

RETRIES: Final = 2
_STAYS: Final = {"karpenter.sh/do-not-disrupt": "true"}
"""Annotation: its machine isn't emptied to save another."""


def migrate(
    name: str,
    args: WebServiceArgs,
    migration: pods.ContainerArgs,
    inside: Callable[..., pulumi.ResourceOptions],
    *after: pulumi.Resource,
) -> pulumi.CustomResource:
    """Another image, command or variable replaces the Job, and nothing else does. Its name is no release's: one that
    comes back would find it taken. Its pods take no requests, and reach what the service's pods reach, by the same
    service account."""
    minutes = args.migration_minutes
    waits = pulumi.CustomTimeouts(create=f"{minutes + 5}m", update=f"{minutes + 5}m", delete="10m")
    service = f"{args.service}-{migration.name}"
    labels = {"app.kubernetes.io/name": service}
    common = {"namespace": args.namespace.namespace, "labels": labels}
    policy = manifest.apply(
        f"{name}-{migration.name}-ways",
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {"name": service, **common},
        inside(),
        spec={
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress", "Egress"],
            "egress": ways.egress(args.ways_out),
        },
    )
    return manifest.apply(
        f"{name}-{migration.name}",
        "batch/v1",
        "Job",
        {"name": service, **common, "annotations": manifest.REPLACE_UNREADY},
        pulumi.ResourceOptions.merge(inside(policy, *after), pulumi.ResourceOptions(custom_timeouts=waits)),
        spec={
            "backoffLimit": RETRIES,
            "activeDeadlineSeconds": 60 * minutes,
            "template": {"metadata": {"labels": labels, "annotations": _STAYS}, "spec": _pod(args, migration)},
        },
    )


def _pod(args: WebServiceArgs, migration: pods.ContainerArgs) -> dict[str, Any]:
    volumes = pods.volumes(args.scratch, args.service if args.secret else None)
    return {
        "serviceAccountName": args.service,
        "automountServiceAccountToken": False,
        "securityContext": pods.security(args.user_id),
        "nodeSelector": {"karpenter.sh/nodepool": args.namespace.pool},
        "restartPolicy": "Never",
        "containers": [pods.container(migration, args.scratch)],
        **({"volumes": volumes} if volumes else {}),
    }
