"""Which programs a control plane runs, with their command lines.

Facts of Kubernetes: the node lifecycle controller marks a node whose heartbeats are late as unreachable, and evicts its
pods; nodes of the local cloud have no heartbeats and can't fail, so that it is off. It would also take off the taint
that new nodes get until they are ready, which :mod:`localcloud.kubernetes.controllers.launching` does instead. The
autoscaler asks the API of metrics, which nothing serves: :mod:`localcloud.kubernetes.controllers.autoscaling` takes its
place and measures the pods' processes itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from localcloud.kubernetes.control_plane.files import HOST, Files

_ISSUER: Final = "https://kubernetes.default.svc"
_LEFT_OUT: Final = ("node-lifecycle-controller", "horizontal-pod-autoscaler-controller")
_CACHE: Final = "1s"
"""How long the API server remembers who a token is and what a user may do: an access entry changes soon after."""


def etcd(files: Files) -> Sequence[str]:
    """Its own certificates on both sides: it has every Secret of the cluster, and asks for no other credentials."""
    client, peer = (f"https://{HOST}:{files.ports[name]}" for name in ("etcd", "etcd-peer"))
    certificate, key, authority = (files.path(f"etcd.{part}") for part in ("pem", "key", "ca"))
    return [
        "etcd",
        f"--data-dir={files.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        *(
            f"--{prefix}{name}"
            for prefix in ("", "peer-")
            for name in (
                f"cert-file={certificate}",
                f"key-file={key}",
                f"trusted-ca-file={authority}",
                "client-cert-auth",
            )
        ),
        "--unsafe-no-fsync",  # what it has ends with the local cloud
        "--log-level=warn",
    ]


def api_server(files: Files, service_cidr: str) -> Sequence[str]:
    return [
        "kube-apiserver",
        f"--etcd-servers=https://{HOST}:{files.ports['etcd']}",
        f"--etcd-cafile={files.path('etcd.ca')}",
        f"--etcd-certfile={files.path('etcd.pem')}",
        f"--etcd-keyfile={files.path('etcd.key')}",
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        "--endpoint-reconciler-type=none",  # it would publish the address above, which endpoints must not have
        f"--secure-port={files.ports['api']}",
        f"--tls-cert-file={files.path('api.pem')}",
        f"--tls-private-key-file={files.path('api.key')}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-signing-key-file={files.path('service-accounts.key')}",
        f"--service-account-key-file={files.path('service-accounts.key')}",
        f"--service-cluster-ip-range={service_cidr}",
        f"--token-auth-file={files.path('tokens.csv')}",
        f"--authentication-token-webhook-config-file={files.path('token-reviews.json')}",
        "--authentication-token-webhook-version=v1",
        f"--authentication-token-webhook-cache-ttl={_CACHE}",
        "--authorization-mode=RBAC,Webhook",
        f"--authorization-webhook-config-file={files.path('access-reviews.json')}",
        "--authorization-webhook-version=v1",
        f"--authorization-webhook-cache-authorized-ttl={_CACHE}",
        f"--authorization-webhook-cache-unauthorized-ttl={_CACHE}",
        "--kubelet-preferred-address-types=ExternalDNS",  # nodes have none: no connection leaves this machine
    ]


def controller_manager(files: Files) -> Sequence[str]:
    return [
        "kube-controller-manager",
        f"--kubeconfig={files.path('controller-manager.json')}",
        f"--service-account-private-key-file={files.path('service-accounts.key')}",
        f"--root-ca-file={files.authority}",
        "--use-service-account-credentials",
        f"--controllers=*,{','.join(f'-{name}' for name in _LEFT_OUT)}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def scheduler(files: Files) -> Sequence[str]:
    return [
        "kube-scheduler",
        f"--kubeconfig={files.path('scheduler.json')}",
        "--leader-elect=false",
        "--secure-port=0",
    ]
