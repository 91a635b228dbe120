"""What a real API server asks the local cloud, as EKS has its own ask: who a token is, whether an access policy allows
a request, and what a new pod gets.

Kubernetes facts: a TokenReview's user comes back in each SubjectAccessReview with its ``extra``, in which the access
policies travel; a review without an opinion leaves the decision to RBAC; an answer to an AdmissionReview is a JSON
Patch in base64.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from localcloud.kubernetes.api.users import AccessPolicy, Action, User, policies_allow
from localcloud.kubernetes.client import Json
from localcloud.kubernetes.objects.kinds import BY_PATH, Kind
from localcloud.server.wire import HttpRequest, HttpResponse

LOG = logging.getLogger(__name__)
POLICIES: Final = "localcloud/access-policies"
TOKEN_PREFIX: Final = "k8s-aws-v1."  # noqa: S105 (the beginning of every token of `aws eks get-token`)


class Webhooks:
    """``key``: the first part of the path, which nobody but the API server knows."""

    def __init__(self, key: str, authenticate: Callable[[str], User | None], admit: Callable[[Json], Json]) -> None:
        self._authenticate, self._admit = authenticate, admit
        self._answers: dict[str, Callable[[Json], Json]] = {
            f"/{key}/token-reviews": self._token_review,
            f"/{key}/access-reviews": self._access_review,
            f"/{key}/pods": self._admission_review,
        }

    def application(self, request: HttpRequest) -> HttpResponse:
        """Answers one review, for a `Port`."""
        answer = self._answers.get(request.path)
        if answer is None:
            return HttpResponse(status=404)
        body = json.dumps(answer(json.loads(request.body))).encode()
        return HttpResponse(status=200, headers={"Content-Type": "application/json"}, body=body)

    def _token_review(self, review: Json) -> Json:
        token = str(review["spec"]["token"])
        user = self._authenticate(token) if token.startswith(TOKEN_PREFIX) else None
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": _status(user)}

    def _access_review(self, review: Json) -> Json:
        spec = review["spec"]
        allowed = policies_allow(user_of(spec), action_of(spec.get("resourceAttributes") or {}))
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": {"allowed": allowed}}

    def _admission_review(self, review: Json) -> Json:
        request = review["request"]
        response: Json = {"uid": request["uid"], "allowed": True}
        pod = request["object"]
        pod["metadata"].setdefault("namespace", request["namespace"])
        patch = [{"op": "replace", "path": "/spec", "value": self._admit(pod)["spec"]}]
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}


def _status(user: User | None) -> Json:
    if user is None:
        return {"authenticated": False}
    policies = [json.dumps([policy.arn, *policy.namespaces]) for policy in user.policies]
    return {
        "authenticated": True,
        "user": {"username": user.name, "groups": list(user.groups), "extra": {POLICIES: policies}},
    }


def user_of(spec: Json) -> User:
    """The user that a SubjectAccessReview is about, with the access policies that its TokenReview stated."""
    stated: list[list[str]] = [json.loads(one) for one in (spec.get("extra") or {}).get(POLICIES) or []]
    policies = tuple(AccessPolicy(arn, tuple(namespaces)) for arn, *namespaces in stated)
    return User(str(spec.get("user", "")), tuple(spec.get("groups") or ()), policies)


def action_of(attributes: Json) -> Action:
    """What a SubjectAccessReview asks for; of a kind that isn't known here, by its plural alone. Paths that are no
    resource's, like ``/metrics``, are a resource without a name, which the cluster's administrator alone may ask."""
    group, version = str(attributes.get("group", "")), str(attributes.get("version", ""))
    plural = str(attributes.get("resource", ""))
    known = BY_PATH.get((group, version, plural)) or Kind(group=group, version=version, name=plural, plural=plural)
    parts: dict[str, Any] = {name: str(attributes.get(name, "")) for name in ("subresource", "namespace", "name")}
    return Action(str(attributes.get("verb", "")), known, **parts)


def configuration(url: str, authority: str) -> Json:
    """Has the API server ask about each new pod. ``authority``: base64 of its PEM."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [
            {
                "name": "pods.eks.amazonaws.com",
                "clientConfig": {"url": url, "caBundle": authority},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
            }
        ],
    }
