"""The network by the real engine: up, nothing to change, an opened default group seen and closed, down again."""

from __future__ import annotations

import shutil
from pathlib import Path

from portal.pulumi_cli import ROOT
from tests.journey.conftest import INIT, Cloud, Project, environment
from tests.journey.forks import forks


class NetworkAlone(Project):
    """The program that has a network and nothing else."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        shutil.copytree(ROOT / "tests" / "journey" / "programs" / "network", folder)
        (folder / "components").symlink_to(ROOT / "components")
        (folder / ".venv").symlink_to(forks().virtualenv)


def test_up_unchanged_repaired_and_down(cloud: Cloud, tmp_path: Path) -> None:
    cloud.reset()
    made = NetworkAlone(tmp_path / "project", environment(cloud, tmp_path))
    made.pulumi("alone", *INIT)
    made.up("alone")
    made.pulumi("alone", "preview", "--refresh", "--expect-no-changes")

    ec2 = cloud.client("ec2")
    vpc = made.run("pulumi", "stack", "output", "vpc", "--stack", "alone").stdout.strip()
    own = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=own)["SecurityGroups"][0]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[opened])
    made.up("alone", "--refresh")
    assert ec2.describe_security_groups(Filters=own)["SecurityGroups"][0]["IpPermissions"] == []

    made.pulumi("alone", "destroy", "--yes", "--skip-preview")
    assert [one for one in ec2.describe_vpcs()["Vpcs"] if one["VpcId"] == vpc] == []
    assert made.state("alone") == []
    assert (tmp_path / "pulumi" / "logs").is_file(), "the engine found no folder for logs"
