"""Which accounts exist: those of one AWS organization. An account that isn't in it does not exist."""

from __future__ import annotations

from localcloud.server.configuration import Configuration, OrganizationSettings

PARTITION = "aws"


class Organization:
    """The management account and the member accounts, in the order given."""

    def __init__(self) -> None:
        self.members: tuple[str, ...] = ()
        self.settings = OrganizationSettings()
        self.region = Configuration.region
        """Of requests that name none."""

    def configure(self, configuration: Configuration) -> None:
        self.settings, self.region = configuration.organization, configuration.region

    @property
    def management_account(self) -> str:
        return self.settings.management_account

    @property
    def accounts(self) -> tuple[str, ...]:
        return (self.management_account, *self.members)


ORGANIZATION = Organization()
