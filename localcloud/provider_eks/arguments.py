"""What a program may give `eks:index:Cluster` here, and what pulumi-eks refuses of it, in its words.

Everything else that pulumi-eks knows (node groups, Fargate, the ConfigMap aws-auth, ...) is an error that names it.
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider_eks.outputs import NOTHING, Output

CARRIED_OUT: Final = frozenset(
    {
        "accessEntries", "authenticationMode", "autoMode", "clusterTags", "corednsAddonOptions", "createInstanceRole",
        "deletionProtection", "enabledClusterLogTypes", "encryptionConfigKeyArn", "endpointPrivateAccess",
        "endpointPublicAccess", "ipFamily", "kubernetesServiceIpAddressRange", "name", "privateSubnetIds",
        "providerCredentialOpts", "publicAccessCidrs", "publicSubnetIds", "serviceRole", "skipDefaultNodeGroup",
        "subnetIds", "tags", "upgradePolicy", "version", "vpcId",
    }
)  # fmt: skip
NOT_WITH_API: Final = ("instanceRoles", "roleMappings", "userMappings")
NO_EFFECT: Final = {
    "kubeProxyAddonOptions": {"enabled": False},
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
}
"""Inputs that say what holds in Auto Mode anyway."""
EXPLICIT_PROVIDER: Final = (
    "It looks like you're using an explicit AWS provider. Please specify this provider in providerCredentialOpts."
)
NO_ENTRIES: Final = (
    "Access entries are required when using EKS Auto Mode. Use the authentication mode 'API' or 'API_AND_CONFIG_MAP'."
)
TWO_SUBNETS: Final = (
    "subnetIds, and the use of publicSubnetIds and/or privateSubnetIds are mutually exclusive. "
    "Choose a single approach."
)
PRIVATE_CIDRS: Final = "`publicAccessCidrs` can only be set when `endpointPublicAccess` is true"


class Arguments:
    """The inputs of one cluster, checked. Raises ProviderError."""

    def __init__(self, inputs: Mapping[str, Output], *, explicit_provider: bool) -> None:
        self._inputs = dict(inputs)
        if explicit_provider and "providerCredentialOpts" not in inputs:
            raise ProviderError(EXPLICIT_PROVIDER)
        if "providerCredentialOpts" not in inputs and os.environ.get("AWS_PROFILE"):
            self._inputs["providerCredentialOpts"] = Output({"profileName": os.environ["AWS_PROFILE"]})
        self._check()

    def __getitem__(self, name: str) -> Output:
        return self._inputs.get(name, NOTHING)

    def plain(self, name: str) -> Any:
        """An input that must be known in a preview."""
        value = self[name].value
        if value is UNKNOWN:
            raise ProviderError(f"{name}: must be known when the program runs")
        return value

    @property
    def auto_mode(self) -> Mapping[str, Any]:
        return self.plain("autoMode") or {}

    def _check(self) -> None:
        mode = self.plain("authenticationMode")
        if mode not in (None, "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"):
            allowed = "CONFIG_MAP, API_AND_CONFIG_MAP, API"
            raise ProviderError(f"Invalid value for authenticationMode: {mode}. Allowed values are: {allowed}.")
        if mode == "API" and (wrong := [name for name in NOT_WITH_API if self[name].value]):
            text = f"The '{wrong[0]}' property does not support non-empty values when 'authenticationMode' is set to"
            raise ProviderError(f"{text} '{mode}'.")
        if mode in (None, "CONFIG_MAP") and self["accessEntries"].value:
            state = f"set to '{mode}'" if mode else "not set"
            raise ProviderError(f"The 'accessEntries' property is not supported when 'authenticationMode' is {state}.")
        if self["subnetIds"].value and (self["publicSubnetIds"].value or self["privateSubnetIds"].value):
            raise ProviderError(TWO_SUBNETS)
        if self.auto_mode.get("enabled") and mode in (None, "CONFIG_MAP"):
            raise ProviderError(NO_ENTRIES)
        if self["publicAccessCidrs"].value and self["endpointPublicAccess"].value is False:
            raise ProviderError(PRIVATE_CIDRS)
        self._check_what_is_not_here(mode)

    def _check_what_is_not_here(self, mode: str | None) -> None:
        unknown = sorted(
            name
            for name, output in self._inputs.items()
            if name not in CARRIED_OUT and output.value != NO_EFFECT.get(name, output)
        )
        if unknown:
            raise _not_here(", ".join(unknown))
        if not self.auto_mode.get("enabled"):
            raise _not_here("a cluster without autoMode")
        if mode != "API":
            raise _not_here(f"authenticationMode {mode}")
        if self["vpcId"].value is None:
            raise _not_here("a cluster without vpcId, in the account's default VPC")


def _not_here(what: str) -> ProviderError:
    return ProviderError(f"not supported by the local cloud: eks:index:Cluster: {what}")
