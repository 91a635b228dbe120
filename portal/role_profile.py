"""Credentials of an account's role for the programs that portal starts: the AWS CLI, and the engine's providers.

They are given a profile that has their client run this module, which prints the role's credentials, and run it again
before these end: a role that is assumed from another role's session is given for an hour at most, an update or a large
sync takes longer. AWS's clients prefer credentials in variables, and a token file of a pod, to any profile: so those
variables are emptied for these programs, and what they had is found under other names.
"""

from __future__ import annotations

import atexit
import getpass
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.session import get_session

from components import names

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

PROFILE: Final = "portal-role"
CALLERS: Final = "PORTAL_CALLER_"
"""Begins the names under which the caller's own variables are found."""
RUN_VARIABLE: Final = "GITHUB_RUN_ID"
"""GitHub sets it in the jobs of a workflow's run."""
CHAINED_SESSION_SECONDS: Final = 3600
"""AWS's limit for a role assumed from another role's session."""


def session_name(environ: Mapping[str, str] = os.environ) -> str:
    """The name of a role's session, by which CloudTrail tells who works with the role: the run of a GitHub workflow, or
    the user of this machine. 2 to 64 characters that STS allows."""
    if run := environ.get(RUN_VARIABLE):
        return f"github-{run}"[:64]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return re.sub(r"[^A-Za-z0-9+=,.@_-]", "-", f"portal-{user}")[:64]


def assume(role_arn: str, region: str) -> CredentialsTypeDef:
    """The role's credentials, for the caller's. Raises botocore's errors."""
    sts: Any = get_session().create_client("sts", region_name=region)
    answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name(), DurationSeconds=CHAINED_SESSION_SECONDS)
    return answer["Credentials"]


@cache
def variables(role_arn: str, region: str, *settings: str) -> Mapping[str, str]:
    """Variables in which AWS's clients work as the role. ``settings``: further lines of the profile, whose file ends
    with this process."""
    folder = Path(tempfile.mkdtemp(prefix="portal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "aws-config"
    process = shlex.join([sys.executable, "-m", __name__, role_arn, region])
    lines = [f"[profile {PROFILE}]", f"region = {region}", f"credential_process = {process}", *settings]
    file.write_text("\n".join(lines) + "\n")
    own = {"AWS_CONFIG_FILE": str(file), "AWS_PROFILE": PROFILE, "AWS_DEFAULT_PROFILE": PROFILE}
    wanted = {name: own.get(name, "") for name in names.CREDENTIAL_VARIABLES}
    return wanted | {f"{CALLERS}{name}": os.environ[name] for name in wanted if name in os.environ}


def variables_of_providers(role_arn: str, region: str) -> Mapping[str, str]:
    """Variables in which the engine's providers work as the role, and the engine itself as the caller."""
    sources = {name: source for source, name in names.PROVIDER_VARIABLES.items()}
    return {sources.get(name, name): value for name, value in variables(role_arn, region).items()}


def become_caller(environ: MutableMapping[str, str]) -> None:
    """Takes :func:`variables` back."""
    for name in names.CREDENTIAL_VARIABLES:
        environ.pop(name, None)
        if (value := environ.get(f"{CALLERS}{name}")) is not None:
            environ[name] = value


def main(role_arn: str, region: str) -> None:
    """Prints the credentials as ``credential_process`` takes them."""
    become_caller(os.environ)
    try:
        given = assume(role_arn, region)
    except Exception as error:  # noqa: BLE001 - whatever it is, AWS's client shows what is printed here
        sys.exit(f"{role_arn}: {error}")
    print(
        json.dumps(
            {
                "Version": 1,
                "AccessKeyId": given["AccessKeyId"],
                "SecretAccessKey": given["SecretAccessKey"],
                "SessionToken": given["SessionToken"],
                "Expiration": given["Expiration"].isoformat(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
