"""Everything that exists in the accounts, for whoever compares it with what was asked for.

Every service lists the ARNs of what it has; defaults that AWS makes by itself (a default VPC) are listed like the
rest. Of IAM and S3 there is more.
"""

from __future__ import annotations

from typing import Any

from . import registry
from .organization import ORGANIZATION


def inventory() -> dict[str, dict[str, Any]]:
    """By account: what services tell beside their ARNs (`Service.details`), and ``resources`` (by service, ARNs)."""
    return {
        account: {**registry.details(account), "resources": registry.inventory(account)}
        for account in ORGANIZATION.accounts
    }
