"""Which accounts exist: those of one AWS organization. An account that isn't in it does not exist."""

from __future__ import annotations

MANAGEMENT_ACCOUNT = "999988887777"
PARTITION = "aws"
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
DEFAULT_REGION = "us-west-2"


class Organization:
    """The management account and the member accounts, in the order given."""

    def __init__(self) -> None:
        self.members: tuple[str, ...] = ()

    @property
    def accounts(self) -> tuple[str, ...]:
        return (MANAGEMENT_ACCOUNT, *self.members)


ORGANIZATION = Organization()
