"""`portal image-digest`: what a registry answers, and which images of the stack files it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from components import rules
from portal.app import app
from portal.errors import PortalError, user_message
from portal.images import DOCKER_HUB, MOST_BYTES, Tagged, by_tag
from settings import load
from tests.unit.registry import Registry, serving
from tests.unit.serving import without_services
from tests.unit.stackfiles import Files, changed, written

DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serving(Registry()) as one:
        yield one


def asked(image: str) -> Result:
    return CliRunner().invoke(app, ["image-digest", image])


def refused(image: str) -> str:
    done = asked(image)
    assert (done.stdout, done.exit_code) == ("", 1)
    assert isinstance(done.exception, PortalError), done.exception
    line = user_message(done.exception)
    assert line is not None
    assert "\n" not in line
    return line


@pytest.mark.parametrize("challenge", [Registry().challenge, ""])
@pytest.mark.parametrize("token_key", ["token", "access_token"])
def test_a_public_image_gets_its_digest_without_a_login(registry: Registry, challenge: str, token_key: str) -> None:
    registry.challenge, registry.token_key = challenge, token_key
    digest, image = registry.push("owner/name", "v1"), f"{registry.host}/owner/name:v1"
    done = asked(image)
    assert (done.stdout, done.exit_code) == (f"{image}@{digest}\n", 0), done.exception
    assert rules.image(done.stdout.strip()) is None


def test_an_image_that_has_a_digest_gets_that_of_its_tag_now(registry: Registry) -> None:
    image, digest = f"{registry.host}/name:v1", registry.push("name", "v1")
    assert asked(f"{image}@{DIGEST}").stdout == f"{image}@{digest}\n"


def test_a_tag_that_is_not_there(registry: Registry) -> None:
    registry.push("owner/name", "v1")
    image = f"{registry.host}/owner/name:v2"
    assert refused(image) == f"error: IMAGE: {image!r}: its registry has no such image or tag"


@pytest.mark.parametrize(
    "challenge",
    [Registry().challenge, 'Basic realm="tests"', 'Bearer realm="file:///dev/null",scope="{scope}"', "Bearer"],
)
def test_what_needs_a_login_is_not_known(registry: Registry, challenge: str) -> None:
    registry.push("owner/name", "v1")
    registry.challenge, registry.private = challenge, {"owner/name"}
    assert f"{registry.host} wants a login, or has no such repository" in refused(f"{registry.host}/owner/name:v1")


def test_a_manifest_that_is_not_what_the_registry_says_is_refused(registry: Registry) -> None:
    registry.push("name", "v1")
    registry.tamper = True
    assert f"{registry.host} says sha256:" in refused(f"{registry.host}/name:v1")


def test_an_answer_that_is_too_large_for_a_manifest_is_refused(registry: Registry) -> None:
    """Its digest would be that of its beginning."""
    registry.manifests["name", "v1"] = b" " * (MOST_BYTES + 1)
    assert f"{registry.host} answers with more than 4 MiB" in refused(f"{registry.host}/name:v1")


def test_a_registry_that_does_not_answer() -> None:
    with serving(Registry()) as gone:
        host = gone.host
    assert f"{host} does not answer: " in refused(f"{host}/name:v1")


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        ("ghcr.io/a/b", "an image is written with its tag"),
        (f"ghcr.io/a/b@{DIGEST}", "has no tag"),
        ("a b:1", "an image"),
    ],
)
def test_what_is_no_image_with_a_tag_is_refused(image: str, fault: str) -> None:
    assert refused(image).startswith(f"error: IMAGE: {image!r}: {fault}")


@pytest.mark.parametrize(
    ("image", "host", "repository"),
    [
        ("ghcr.io/owner/name:v1", "ghcr.io", "owner/name"),
        ("public.ecr.aws/a/b/c:v1", "public.ecr.aws", "a/b/c"),
        ("localhost:5000/name:v1", "localhost:5000", "name"),
        ("localhost/name:v1", "localhost", "name"),
        ("busybox:v1", DOCKER_HUB, "library/busybox"),
        ("owner/name:v1", DOCKER_HUB, "owner/name"),
        ("docker.io/busybox:v1", DOCKER_HUB, "library/busybox"),
    ],
)
def test_the_registry_of_a_name(image: str, host: str, repository: str) -> None:
    assert Tagged.parse(image) == Tagged(host=host, repository=repository, tag="v1")


def test_images_of_the_stack_files_by_their_tag_alone(tmp_path: Path) -> None:
    def pin(files: Files) -> None:
        without_services(files["dev"])
        dev, prod = (files[stack]["environments"] for stack in ("dev", "prod"))
        dev["dev"]["orchestrator"]["image"] = f"ghcr.io/owner/name:v1@{DIGEST}"
        prod["prod"]["frontend"]["image"] = {"stack": "dev", "key": "api", "digest": DIGEST}
        prod["prod"]["api"]["sidecars"] = [{"name": "one", "image": "owner/one:v1", "port": 2000}]

    repository = "908710317728.dkr.ecr.us-west-2.amazonaws.com/core-platform/cryoet-data-portal-backend/apiv2/apiv2"
    jobs, prod = "ghcr.io/chanzuckerberg/swipe:v1.4.9", "Pulumi.prod.yaml: portal:settings.environments.prod"
    assert dict(by_tag(load("dev", written(changed(pin), tmp_path)))) == {
        "Pulumi.dev.yaml: portal:settings.environments.staging.orchestrator.image": jobs,
        f"{prod}.orchestrator.image": jobs,
        f"{prod}.api.image.tag": f"{repository}:v1.0.0",
        f"{prod}.api.sidecars[0].image": "owner/one:v1",
    }
