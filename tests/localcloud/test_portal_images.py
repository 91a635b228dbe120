"""`portal image-digest` of all images that the stack files name by their tag: those of ECR are asked for through the
account's role, where the registry itself wants a login."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from portal import stack_files
from portal.app import app
from portal.errors import PortalError
from tests.localcloud.conftest import DEV, REGION, Cloud
from tests.localcloud.test_ecr_refusals import push
from tests.unit.registry import Registry, serving
from tests.unit.serving import without_services
from tests.unit.stackfiles import Files, changed, written

DIGEST = f"sha256:{'0' * 64}"
PROD = "Pulumi.prod.yaml: portal:settings.environments.prod"


def portal(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_every_image_by_tag_gets_its_digest(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, ecr = cloud.name("images"), cloud.client("ecr")
    of_ecr = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/{repository}:v1"

    def change(files: Files) -> None:
        without_services(files["dev"])
        files["dev"]["images"]["api"]["repository"] = repository
        for environment in files["dev"]["environments"].values():
            environment["orchestrator"]["image"] = f"ghcr.io/owner/name@{DIGEST}"
        prod = files["prod"]["environments"]["prod"]
        prod["orchestrator"]["image"] = jobs
        prod["api"] |= {"image": {"stack": "dev", "key": "api", "tag": "v1"}, "sidecars": []}
        prod["frontend"]["image"] = {"stack": "dev", "key": "frontend", "digest": DIGEST}

    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stack_files, "ROOT", tmp_path)
    with serving(Registry()) as registry:
        jobs = f"{registry.host}/owner/name:v1"
        written(changed(change), tmp_path)
        digest = registry.push("owner/name", "v1")
        lines = [f"{PROD}.orchestrator.image: {jobs}@{digest}", f"{PROD}.api.image.tag: {of_ecr}"]
        for made in (lambda: None, lambda: ecr.create_repository(repositoryName=repository)):
            made()
            done = portal("image-digest")
            assert done.exit_code == 1
            assert done.stdout.splitlines() == [lines[0], f"{lines[1]}: its registry has no such image or tag"]
        push(ecr, repository, "v1", "a")
        [pushed] = ecr.list_images(repositoryName=repository)["imageIds"]
        done = portal("image-digest")
        assert (done.exit_code, done.stdout.splitlines()) == (0, [lines[0], f"{lines[1]}@{pushed['imageDigest']}"])
    assert portal("image-digest", of_ecr).stdout == f"{of_ecr}@{pushed['imageDigest']}\n"
    assert isinstance(portal("image-digest", f"{of_ecr}x").exception, PortalError)
