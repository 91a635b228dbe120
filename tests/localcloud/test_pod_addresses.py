"""A pod's address in the VPC and the loopback address of its processes."""

import pytest

from localcloud.kubernetes.addresses import loopback


def test_processes_of_a_pod_listen_on_its_address_within_127() -> None:
    assert loopback("10.32.64.7") == "127.32.64.7"
    assert loopback("10.10.10.10") == "127.10.10.10"


@pytest.mark.parametrize("address", ["172.20.0.10", "192.168.1.4", "110.0.0.1", "127.0.0.1", ""])
def test_an_address_outside_the_network_is_refused_with_the_reason(address: str) -> None:
    with pytest.raises(ValueError, match=rf"{address!r}: .* within 10\.0\.0\.0/8"):
        loopback(address)
