"""`portal encrypt-state`: encrypts the secrets in stacks' states by a key of the account's KMS."""

from __future__ import annotations

from typing import Annotated

import typer

from portal.agreement import Yes
from portal.pulumi_cli import Pulumi, engine
from portal.recovery import Place
from portal.stack_files import settings_of, stack_files
from portal.state_check import refuse_foreign_state
from portal.state_key import ensure_key, key_provider


def encrypt_state(stack: Annotated[list[str], typer.Argument(help="The stacks")], yes: Yes = False) -> None:
    """Encrypt the secrets in the state by a KMS key of the account, which is made if there is none.

    Makes a stack that isn't there yet, and draws a new data key for one that is. The stack file says so afterwards:
    commit it.
    """
    portal = stack_files()
    places = {name: Place.of(settings_of(portal, name)) for name in stack}
    engine()
    for name, place in places.items():
        pulumi, provider = Pulumi(stack=name), key_provider(place)
        ensure_key(place, portal.project.engineers, yes=yes)
        if (deployment := pulumi.deployment()) is None:
            pulumi.init(provider)
        else:
            refuse_foreign_state(name, place.account, deployment)
            pulumi.run("stack", "change-secrets-provider", provider)
        print(f"{name}: secrets in the state are encrypted by {provider}")
