"""The commands that the project's pages show: in blocks for a shell, and in the text of README and of how-tos.

Each is run by a test. ``tests/journey/documented_steps.py`` runs them as printed, against the local cloud that
`make up` brought up. Three tables here have the others: ``SECTIONS`` names the test that runs all commands of a part
of a page, ``ELSEWHERE`` the test that runs one, ``NOT_RUN`` says why none does. ``tests/unit/test_documented.py`` fails
for a command that is nowhere, or in a table but on no page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAMS: Final = "aws|eval|localcloud|make|portal|pulumi|pytest|python3?"
_FENCE: Final = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_INLINE: Final = re.compile(rf"`(make|(?:[A-Z_]+=\S+ )*(?:{PROGRAMS})\s[^`]+)`")
_SHELLS: Final = ("bash", "sh", "shell")
_COMMENT: Final = re.compile(r"\s+# .*$")

SECTIONS: Final = {
    ("README.md", "Reuse a component"): "tests/journey/test_reuse.py",
    ("docs/how-to/adapt.md", "Try it"): "tests/journey/test_adapt.py",
}
"""Parts of pages by their headings, whose blocks a test takes from the page and runs in their order."""
ELSEWHERE: Final = {
    "make down": "tests/journey/test_make.py",
    "make up": "tests/journey/test_make.py",
    "portal bootstrap": "tests/localcloud/test_portal_bootstrap.py",
    "portal bootstrap STACK": "tests/journey/test_bootstrap.py",
    "portal bootstrap dev": "tests/journey/test_environments.py",
    "portal bootstrap public": "tests/localcloud/test_portal_bootstrap.py",
    "portal drift STACK": "tests/journey/test_github.py",
    "portal encrypt-state dev": "tests/localcloud/test_portal_state_key.py",
    "portal image-digest": "tests/localcloud/test_portal_images.py",
    "portal logs": "tests/journey/test_client.py",
    "portal preview STACK": "tests/journey/test_bootstrap.py",
    "portal restore": "tests/journey/test_sync.py",
    "portal restore-drill": "tests/journey/test_import.py",
    "portal restore-drill prod": "tests/journey/test_import.py",
    "portal restore-drill public --dataset 10000": "tests/localcloud/test_portal_restore.py",
    "portal submit": "tests/journey/test_client.py",
    "portal submit sync": "tests/localcloud/test_portal_commands.py",
    "portal sync": "tests/journey/test_sync.py",
    "portal up": "tests/journey/killing.py",
    "portal up STACK": "tests/journey/killing.py",
    "portal up dev": "tests/journey/test_environments.py",
    "portal watch": "tests/journey/test_client.py",
    "pulumi destroy": "tests/journey/test_protection.py",
    "pulumi preview": "tests/journey/test_protection.py",
    "pulumi preview --debug": "tests/journey/test_standing.py",
    "pulumi refresh": "tests/journey/test_generations.py",
    "pulumi up": "tests/journey/test_protection.py",
    "python -m examples.api": "tests/examples/test_api_server.py",
    "python -m examples.site": "tests/examples/test_site.py",
}
"""Commands that the text names without the arguments that a script has to give, or that begin and end the local
cloud."""
_STATE: Final = "export PULUMI_BACKEND_URL='s3://cryoet-pulumi-state-example?region=us-west-2'"
_FIRST_UP: Final = "tests/journey/test_bootstrap.py keeps a state in a bucket of another name; the others use a folder"
_SIGNED: Final = "it needs a CDN with public keys: tests/journey/test_cdn_settings.py brings one up, signs and reads"
_MOVED: Final = (
    "it needs a zone of the reader's: tests/localcloud/test_cloudfront_refusals.py proves certificates, moves aliases"
)
_ASKED: Final = "--domain-name portal.example.org --validation-method DNS"
_LEFT: Final = "nothing of CloudFront's is left in a VPC of the local cloud"
NOT_RUN: Final = {
    "aws ec2 describe-network-interfaces --filters Name=vpc-id,Values=VPC_ID "
    "--query 'NetworkInterfaces[].[Description,Status]'": _LEFT,
    "aws ec2 describe-security-groups --filters Name=vpc-id,Values=VPC_ID "
    "'Name=group-name,Values=CloudFront-VPCOrigins-*'": _LEFT,
    "aws ec2 delete-security-group --group-id GROUP_ID": _LEFT,
    f"aws acm request-certificate --region us-east-1 {_ASKED}": _MOVED,
    f"aws acm request-certificate --region us-west-2 {_ASKED}": _MOVED,
    "aws acm describe-certificate --region us-east-1 --certificate-arn ARN "
    "--query Certificate.DomainValidationOptions": _MOVED,
    "aws cloudfront associate-alias --target-distribution-id ID --alias portal.example.org": _MOVED,
    "portal image-digest ghcr.io/chanzuckerberg/swipe:v1.4.9": "it asks a registry on the internet: "
    "tests/unit/test_portal_images.py asks one of this machine",
    "make check": "it would run itself",
    "make test": "it would run itself",
    "make bench": "it takes most of an hour; tests/unit/test_benchmarks_*.py and the journeys run its parts",
    "openssl genrsa 2048 > reviewers.pem && openssl rsa -in reviewers.pem -pubout": _SIGNED,
    "portal sign-url https://files.staging.example.org/10000/TS_001/run_metadata.json --private-key reviewers.pem "
    "--minutes 60": _SIGNED,
    _STATE: _FIRST_UP,
    "git add Pulumi.*.yaml": "it would change the checkout's index",
}
"""And why not."""


def section(page: str, heading: str) -> str:
    """The text between a heading of the second level and the next one."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"{page}: no heading {heading!r}"
    return found[1]


def commands(page: str, heading: str) -> list[str]:
    """The commands in a section's blocks."""
    return [*_in_blocks(section(page, heading))]


def block(page: str, heading: str, language: str) -> str:
    """The one block of a language in a section."""
    (body,) = (body for found, body in _FENCE.findall(section(page, heading)) if found == language)
    return body


def pages() -> list[Path]:
    """Every page that a user or an operator reads."""
    return [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown() -> dict[str, set[str]]:
    """The pages, by command: as printed, without the prompt and without a comment behind it."""
    found: dict[str, set[str]] = {}
    for page in pages():
        name, text = page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")
        inline = _in_text(text) if page.name == "README.md" or page.parent.name == "how-to" else ()
        for command in (*_in_blocks(text), *inline):
            found.setdefault(command, set()).add(name)
    return found


def _in_blocks(text: str) -> Iterator[str]:
    """A console's block shows commands behind ``$``, and what they print; a shell's block is commands alone."""
    for language, body in _FENCE.findall(text):
        lines = body.replace("\\\n", " ").splitlines()
        if language == "console":
            lines = [line.strip().removeprefix("$ ") for line in lines if line.strip().startswith("$ ")]
        elif language not in _SHELLS:
            continue
        yield from (" ".join(_COMMENT.sub("", line).split()) for line in lines if line.strip())


def _in_text(text: str) -> Iterator[str]:
    for command in _INLINE.findall(_FENCE.sub("", text)):
        yield " ".join(command.split())
