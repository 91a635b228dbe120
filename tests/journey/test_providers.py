"""The providers of a stack with a cluster, for whoever previews it or brings it up."""

from __future__ import annotations

import json
import re

from components import names
from tests.journey.conftest import DEV, Cloud, Project, printed
from tests.journey.test_github import PREVIEW, job


def test_an_unchanged_stack_is_unchanged_for_everybody_after_each_other(served: Project, cloud: Cloud) -> None:
    """With a cluster, whose objects have a provider of their own. The state says of nobody's session."""
    folder = {"PORTAL_PROJECT": str(served.folder)}
    preview = job(cloud, DEV, names.GITHUB_PREVIEW, PREVIEW)
    deploy = job(cloud, DEV, names.GITHUB_DEPLOY, "environment:dev")

    def unchanged(**env: str) -> None:
        done = served.run("portal", "preview", "dev", "--expect-no-changes", env={**folder, **env})
        assert done.returncode == 0, printed(done)

    unchanged(**preview)
    served.pulumi("dev", "up", "--yes", "--skip-preview", "--expect-no-changes", env=deploy)
    unchanged(LOGNAME="ada")
    served.pulumi("dev", "up", "--yes", "--skip-preview", "--expect-no-changes", env={"LOGNAME": "grace"})
    unchanged(**preview)
    providers = [one for one in served.resources("dev") if one["type"].startswith("pulumi:providers:")]
    inputs = {one["urn"].rpartition("::")[2]: one.get("inputs", {}) for one in providers}
    for name in ("account", "cluster"):
        assert inputs[name]["__internal"]["envVarMappings"] == names.PROVIDER_VARIABLES
    assert not re.search("assumeRoles|sessionName|--role|--profile|ada|grace", json.dumps(inputs))
