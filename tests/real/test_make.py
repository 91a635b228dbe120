"""`make up KUBERNETES=real` as a user types it: every stack, twice, and `make down`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psutil

from portal.pulumi_cli import stacks
from tests.journey.pages import visit
from tests.journey.test_make import assert_file_of_the_row, listens, make, updated

PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
ACCOUNTS_WITH_A_CLUSTER = 2


def test_up_brings_it_all_up_and_finds_it_there_again(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    try:
        first = make(folder, "up", KUBERNETES="real")
        server = json.loads((folder / "server.json").read_text())
        children = psutil.Process(server["pid"]).children(recursive=True)
        running = sorted(one.name() for one in children if one.name() in PROGRAMS)
        assert running == sorted(PROGRAMS * ACCOUNTS_WITH_A_CLUSTER)
        [plugin] = (folder / "pulumi" / "plugins").glob("resource-kubernetes-*/pulumi-resource-kubernetes")
        assert plugin.read_bytes()[:4] == b"\x7fELF", "Pulumi's own plugin is a program of Go's"
        made = updated(first, "created")
        assert [*made] == stacks()
        assert updated(make(folder, "up", KUBERNETES="real"), "unchanged") == made
        sites = dict(re.findall(r"^The site of (\w+): (http://\S+/)$", first, re.MULTILINE))
        assert [*sites] == ["dev", "staging", "prod"]
        visit(sites["prod"])
        assert_file_of_the_row(first)
    finally:
        make(folder, "down")
    assert not listens(server["https_url"])
    assert not [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert list(tmp_path.iterdir()) == []
