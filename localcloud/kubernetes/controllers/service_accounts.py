"""Each namespace has the service account ``default``."""

from __future__ import annotations

from ..resources import CONFLICT, Resources, is_terminating, name_of, namespace_of, suppress_status
from .loop import View

DEFAULT = "default"


class ServiceAccounts:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def reconcile(self, view: View) -> None:
        present = {namespace_of(one) for one in view.list("ServiceAccount") if name_of(one) == DEFAULT}
        for namespace in view.list("Namespace"):
            if name_of(namespace) not in present and not is_terminating(namespace):
                with suppress_status(CONFLICT):
                    body = {"metadata": {"name": DEFAULT, "namespace": name_of(namespace)}}
                    self._resources.create("ServiceAccount", body)
