"""The machines' start-up script, run by bash: commands that change a machine are stubs that keep its state in files.

A machine is a folder. ``disks`` lists the NVMe disks; ``array``, ``xfs`` and ``mounted`` exist while that is so;
``rules`` has the firewall's chains and rules; ``calls`` has the commands that were run; ``broken`` names those that
fail.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from components.orchestration import hosts

REAL: Final = ("awk", "cat", "grep", "mkdir", "rm", "touch")
STUB: Final = r"""#!/bin/bash
name=$(basename "$0") machine=$(dirname "$0")/..
cd "$machine"
echo "$name $*" >> calls
grep --quiet --line-regexp "$name" broken && exit 1
case "$name $*" in
lsblk*)
    echo 'nvme0n1 Amazon Elastic Block Store'
    while read -r disk; do echo "$disk Amazon EC2 NVMe Instance Storage"; done < disks ;;
"mountpoint --quiet "*) [ -e mounted ] ;;
dnf*mdadm*) ln -s stub commands/mdadm ;;
"mdadm --stop --scan") ;;
"mdadm --assemble "*) [ -e array ] ;;
"mdadm --create "*) [ ! -e array ] && touch array ;;
blkid*) if [ -e xfs ]; then echo xfs; else exit 2; fi ;;
mkfs.xfs*) touch xfs ;;
mount\ *) [ -e xfs ] && touch mounted ;;
"iptables --table filter --new-chain "*)
    if grep --quiet "chain ${*: -1}" rules; then exit 1; else echo "chain ${*: -1}" >> rules; fi ;;
"iptables --check "*) grep --quiet --fixed-strings -- "${*:2}" rules ;;
"iptables --insert "*) echo "${*:2}" >> rules ;;
systemctl*|shutdown*) ;;
*) echo "no stub for $name $*" >&2; exit 127 ;;
esac
"""
STUBS: Final = ("lsblk", "mountpoint", "dnf", "blkid", "mkfs.xfs", "mount", "iptables", "systemctl", "shutdown")
AGENT: Final = "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\nECS_IMAGE_PULL_BEHAVIOR=default\n"


class Machine:
    """One on which the script can be run again and again. It must hold no path but those that are put in here."""

    def __init__(self, folder: Path, disks: int, *, mdadm: bool) -> None:
        self.folder = folder
        commands = folder / "commands"
        commands.mkdir()
        (commands / "stub").write_text(STUB)
        (commands / "stub").chmod(0o755)
        for name in (*STUBS, *(["mdadm"] if mdadm else [])):
            (commands / name).symlink_to("stub")
        for name in (*REAL, "bash", "basename", "dirname", "ln"):
            (commands / name).symlink_to(str(shutil.which(name)))
        for name in ("broken", "calls", "rules"):
            (folder / name).touch()
        (folder / "disks").write_text("".join(f"nvme{number}n1\n" for number in range(1, disks + 1)))

    def start(self, scratch: int | str) -> int:
        """Runs the script as a boot does; its exit status."""
        script = re.sub(r"(?<![\w/])/(etc|mnt)\b", rf"{self.folder}/\1", hosts.start_up(scratch))
        (self.folder / "calls").write_text("")
        environment = {"PATH": str(self.folder / "commands")}
        ran = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
        self.said = ran.stderr
        return ran.returncode

    def restart(self) -> None:
        """What is gone after a restart: what is mounted, and the firewall's rules."""
        (self.folder / "mounted").unlink(missing_ok=True)
        (self.folder / "rules").write_text("")

    def calls(self, *names: str) -> list[str]:
        """The calls of these commands in the last run."""
        return [call for call in self.text("calls").splitlines() if call.split()[0] in names]

    def text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    @property
    def agent(self) -> str:
        return self.text("etc/ecs/ecs.config")


MakeMachine = Callable[..., Machine]


@pytest.fixture
def machine(tmp_path: Path) -> MakeMachine:
    def make(disks: int = 0, *, mdadm: bool = False) -> Machine:
        return Machine(tmp_path, disks, mdadm=mdadm)

    return make


def assert_ready(one: Machine) -> None:
    """Configured once, however often it was started, and closed to the workflows' containers."""
    assert one.agent == AGENT
    rule = "DOCKER-USER --destination 169.254.169.254/32 --jump DROP"
    assert one.text("rules").splitlines() == ["chain DOCKER-USER", rule]
    assert not one.calls("shutdown", "systemctl")


def assert_on_disks(one: Machine) -> None:
    assert_ready(one)
    assert one.text("etc/docker/daemon.json") == f'{{"data-root": "{one.folder}/mnt/docker"}}\n'
    assert (one.folder / "mounted").exists()
    assert (one.folder / "mnt/docker").is_dir()


def test_a_machine_with_its_root_volume_alone(machine: MakeMachine) -> None:
    one = machine()
    for _ in range(2):
        assert one.start(500) == 0, one.said
        assert_ready(one)
        assert not one.calls("lsblk", "mount", "mkfs.xfs")
        one.restart()


def test_one_disk_is_used_without_raid(machine: MakeMachine) -> None:
    one = machine(1)
    assert one.start("nvme") == 0, one.said
    assert_on_disks(one)
    assert one.calls("mkfs.xfs", "mount") == ["mkfs.xfs -f /dev/nvme1n1", f"mount /dev/nvme1n1 {one.folder}/mnt"]
    assert not one.calls("mdadm", "dnf")


@pytest.mark.parametrize("mdadm", [True, False], ids=["mdadm", "installs-mdadm"])
def test_several_disks_are_one_raid(machine: MakeMachine, mdadm: bool) -> None:
    one = machine(2, mdadm=mdadm)
    assert one.start("nvme") == 0, one.said
    assert_on_disks(one)
    assert bool(one.calls("dnf")) is not mdadm
    made = one.calls("mdadm", "mkfs.xfs", "mount")
    assert made[-3:] == [
        "mdadm --create /dev/md0 --run --level 0 --raid-devices 2 /dev/nvme1n1 /dev/nvme2n1",
        "mkfs.xfs -f /dev/md0",
        f"mount /dev/md0 {one.folder}/mnt",
    ]


@pytest.mark.parametrize("disks", [1, 2, 4])
def test_a_second_run_in_the_same_boot_changes_nothing(machine: MakeMachine, disks: int) -> None:
    one = machine(disks)
    assert one.start("nvme") == 0, one.said
    assert one.start("nvme") == 0, one.said
    assert_on_disks(one)
    assert not one.calls("dnf", "mdadm", "mkfs.xfs", "mount")


@pytest.mark.parametrize("disks", [1, 2, 4])
def test_a_restart_mounts_the_disks_as_they_were(machine: MakeMachine, disks: int) -> None:
    one = machine(disks)
    assert one.start("nvme") == 0, one.said
    one.restart()
    assert one.start("nvme") == 0, one.said
    assert_on_disks(one)
    assert len(one.calls("mount")) == 1
    assert not one.calls("mkfs.xfs", "dnf")
    assert not [call for call in one.calls("mdadm") if "--create" in call]


@pytest.mark.parametrize("disks", [1, 2])
def test_after_a_stop_and_a_start_the_disks_are_blank_and_made_again(machine: MakeMachine, disks: int) -> None:
    one = machine(disks)
    assert one.start("nvme") == 0, one.said
    one.restart()
    for name in ("array", "xfs"):
        (one.folder / name).unlink(missing_ok=True)
    assert one.start("nvme") == 0, one.said
    assert_on_disks(one)
    assert len(one.calls("mkfs.xfs")) == 1


@pytest.mark.parametrize(
    ("disks", "broken"),
    [
        (0, ""),
        (2, "dnf"),
        (2, "mdadm"),
        *((disks, name) for disks in (1, 2) for name in ("lsblk", "mkfs.xfs", "mount", "iptables")),
    ],
)
def test_a_machine_without_its_disks_or_firewall_never_joins(machine: MakeMachine, disks: int, broken: str) -> None:
    one = machine(disks, mdadm=broken == "mdadm")
    (one.folder / "broken").write_text(f"{broken}\n")
    for _ in range(2):
        assert one.start("nvme") != 0
        assert one.agent == ""
        assert one.calls("systemctl", "shutdown") == ["systemctl mask --runtime ecs.service", "shutdown --poweroff now"]


def test_a_machine_that_was_ready_once_leaves_when_its_disks_fail(machine: MakeMachine) -> None:
    """ECS is configured since the first start: the agent must not start."""
    one = machine(1)
    assert one.start("nvme") == 0, one.said
    one.restart()
    (one.folder / "broken").write_text("mount\n")
    assert one.start("nvme") != 0
    assert one.calls("systemctl", "shutdown") == ["systemctl mask --runtime ecs.service", "shutdown --poweroff now"]


def test_a_machine_is_shut_down_even_if_the_agent_cannot_be_masked(machine: MakeMachine) -> None:
    one = machine(0)
    (one.folder / "broken").write_text("systemctl\n")
    assert one.start("nvme") != 0
    assert one.calls("shutdown") == ["shutdown --poweroff now"]
