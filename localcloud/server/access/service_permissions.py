"""The permissions of the services whose actions are named as their operations, from explicit lists.

Rests on the service authorization reference: what an action's resource is, or ``*`` where AWS knows none.
"""

from __future__ import annotations

from localcloud.server.access.permission import Permission, Unmapped
from localcloud.server.call import Call


def permissions(call: Call) -> list[Permission]:
    raise Unmapped(f"{call.service}:{call.operation}")
