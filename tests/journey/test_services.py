"""An environment's cluster, API, frontend and site, brought up by the engine and asked as a browser asks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from localcloud.server import images
from portal.pulumi_cli import ROOT
from tests.journey.conftest import SERVICES, Cloud, Project, smaller
from tests.journey.test_cdn import ask


def served(settings: dict[str, Any]) -> None:
    """Gives staging back what serves it in the repository's own file, of each service one pod."""
    own = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["portal:settings"]
    smaller(settings)
    settings["cluster"] = own["cluster"]
    settings["images"] |= {name: own["images"][name] for name in ("api", "frontend")}
    staging = settings["environments"]["staging"]
    staging |= {part: own["environments"]["staging"][part] for part in SERVICES}
    staging["api"]["replicas"] = 1


@pytest.fixture(scope="module")
def domain(module_project: Project) -> str:
    """CloudFront's name of the site, once all of it is up."""
    images.configure(images.USUAL)
    module_project.change("dev", served)
    module_project.up("dev")
    done = module_project.run("pulumi", "stack", "output", "sites", "--json", "--stack", "dev")
    return str(json.loads(done.stdout)["staging"]["domain"])


def test_a_second_up_would_change_nothing(domain: str, module_project: Project) -> None:
    assert domain
    module_project.pulumi("dev", "preview", "--expect-no-changes")


def test_pages_and_api_are_one_site_with_the_headers_that_protect_its_readers(domain: str, cloud: Cloud) -> None:
    status, headers, page = ask(cloud, domain, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"0 datasets" in page, "the database is empty, and its migrations have run"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'self'; connect-src 'self' http")
    status, _, answer = ask(cloud, domain, "/graphql?query=%7BdatasetsCount%7D")
    assert (status, json.loads(answer)) == (200, {"data": {"datasetsCount": 0}})


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "/graphql", 405), ("POST", "/", 403)])
def test_methods_that_nothing_answers_are_refused(
    domain: str, cloud: Cloud, method: str, path: str, status: int
) -> None:
    assert ask(cloud, domain, path, method)[0] == status


def test_the_preview_says_that_a_skipped_version_is_refused(domain: str, module_project: Project) -> None:
    assert domain
    module_project.change("dev", lambda settings: settings["cluster"].update(version="1.34"))
    refused = module_project.refused("dev", "preview")
    assert "cluster.version: '1.34': the cluster has 1.36: a version can't be taken back" in refused.stdout
