"""Where a pod's processes listen: the pod's address with 127 in place of 10.

Linux lets every program bind any address of 127.0.0.0/8, and no other address without configuration. Kubernetes
refuses loopback addresses in an EndpointSlice and AWS addresses outside the VPC in a target group, so both know a pod
by its address in the VPC, and whoever dials a pod translates it.
"""

_NETWORK, _LOOPBACK = "10.", "127."


def loopback(address: str) -> str:
    """The loopback address of a pod's address. Raises ValueError for one outside 10.0.0.0/8."""
    if not address.startswith(_NETWORK):
        raise ValueError(
            f"pod address {address!r}: the local cloud runs pods in VPCs within 10.0.0.0/8 alone, because their "
            "processes listen on the same address within 127.0.0.0/8"
        )
    return _LOOPBACK + address.removeprefix(_NETWORK)
