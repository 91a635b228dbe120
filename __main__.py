"""The infrastructure of the CryoET Data Portal: what one account holds, as its stack file says."""

from __future__ import annotations

import atexit
import gc
import os
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import config

from components.names import GITHUB_DEPLOY, GITHUB_PREVIEW, ROLE_VARIABLE
from composition.account import enter
from settings import Portal, SettingsError, databases, load
from settings.audience import deployed

ROLES = (GITHUB_PREVIEW, GITHUB_DEPLOY)
"""What PORTAL_ROLE may name: in CI the program starts from, and assumes, the one that the job was given."""

DEBUG_VARIABLE = "PORTAL_DEBUG"
"""Set to anything, the SDK's debug messages reach the engine, which shows them with ``--debug``."""


def last_outputs() -> dict[str, Any]:
    """What this stack put out when it was last brought up (``composition.stack.Outputs``), from its state."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = cast("Any", pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name})).value
    return dict((answer or {}).get("outputs", {}))


def checked() -> Portal:
    """The settings of all stacks; nothing is asked and nothing registered before they are right."""
    values = config.CONFIG.get()
    secret = [key for key in values if config.is_config_secret(key)]
    return load(pulumi.get_stack(), Path(__file__).absolute().parent, values, secret)


def main() -> None:
    portal = checked()
    last = last_outputs()
    environments, clusters = last.get("environments", {}), databases.protected(last.get("databases", {}))
    access, kubernetes = deployed(last.get("access", {})), last.get("cluster", {})
    portal.refuse_accidents(last.get("protected", {}), access, environments, clusters, kubernetes)
    role = os.environ.get(ROLE_VARIABLE)
    if role and role not in ROLES:
        raise pulumi.RunError(f"{ROLE_VARIABLE}: {role!r}: must be {' or '.join(ROLES)}")
    provider = enter(portal, role)
    from composition.adoption import existing_parts
    from composition.stack import compose  # loaded by now: `enter` waits for the provider

    outputs = compose(portal, provider, last, existing_parts(portal, role), role)
    for field in fields(outputs):
        pulumi.export(field.name, getattr(outputs, field.name))


# A short-lived program: to look for garbage among what the SDK loads, now and at the end, takes longer than it saves.
gc.disable()
atexit.register(gc.freeze)
# Of these the SDK sends some five a resource, each alone and waited for; without --debug the engine drops them.
if not os.environ.get(DEBUG_VARIABLE):
    pulumi.log.debug = lambda *_, **__: None
try:
    main()
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None
