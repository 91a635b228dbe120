"""Clusters, services and sites in stack files: what is refused, and what of a deployed cluster can't be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from settings import SettingsError, load
from tests.unit.serving import serving, without_services
from tests.unit.stackfiles import Files, changed, written
from tests.unit.test_settings import faults, put

DEV = "Pulumi.dev.yaml: portal:settings."
API = "environments.dev.api"
REFUSED: list[tuple[str, object, str]] = [
    ("cluster.version", "1.33", "'1.33': no version in EKS's standard support"),
    ("cluster.architecture", "x86", "'x86': Input should be 'arm64' or 'amd64'"),
    ("cluster.public_access", ["0.0.0.0/0"], "'0.0.0.0/0': would be everybody"),
    ("cluster.public_access", ["2001:db8::/32"], "'2001:db8::/32': EKS takes IPv4 networks alone"),
    ("cluster.public_access", ["203.0.113.0/24"], "'203.0.113.0/24': nobody comes from 203.0.113.0/24"),
    ("cluster.public_access", ["192.168.0.0/24"], "'192.168.0.0/24': nobody comes from 192.168.0.0/16 over the"),
    ("cluster", {"version": "1.36"}, "cluster.public_access: is required"),
    ("cluster.readers", ["arn:aws:iam::908710317728:role/*"], "without * or ?"),
    ("cluster.max_vcpus", 2, "the environment's pods need 2.1 vCPUs at most; cluster.max_vcpus allows 2"),
    (f"{API}.image", {"key": "api"}, "'api': must have either a tag or a digest"),
    (f"{API}.image", {"key": "none", "tag": "v1"}, "'none': no such repository under images in Pulumi.dev"),
    (f"{API}.image", {"key": "api", "tag": "v1", "stack": "x"}, "'x': no such stack"),
    (f"{API}.image.tag", "a b", "'a b': a tag has 1 to 128"),
    (f"{API}.command", [], "command: []: "),
    (f"{API}.port", 80, "api.port: 80: Input should be greater than or equal to 1024"),
    (f"{API}.port", 3692, "api.port: 3692: is the port of the container cerbos of the same pod already"),
    (f"{API}.variables.PORT", "80", "'PORT': the program sets this variable itself"),
    ("environments.dev.frontend.port", 65_536, "frontend.port: 65536: Input should be less than or equal to 65535"),
    ("environments.dev.frontend.port", "8080", "frontend.port: '8080': "),
    (f"{API}.max_replicas", 1, "max_replicas: 1: must be at least replicas (2)"),
    (f"{API}.variables.AWS_REGION", "x", "'AWS_REGION': the program sets this variable itself"),
    (f"{API}.variables.PLATFORMICS_DATABASE_HOST", "x", "the program sets this variable itself"),
    ("environments.dev.frontend.variables.API_URL_V2", "x", "'API_URL_V2': the program sets this variable itself"),
    (f"{API}.resources", {"memory_mib": 2048, "memory_limit_mib": 512}, "512: must be at least memory_mib"),
    (
        f"{API}.scratch",
        {"a": {"path": "/a", "size_mib": 1}, "b": {"path": "/a", "size_mib": 1}},
        "that of a already",
    ),
    (f"{API}.scratch.more", {"path": "keys", "size_mib": 1}, "'keys': a folder from / on"),
    (f"{API}.init", [{"name": "api", "command": ["x"]}], "init[0].name: 'api': is another container's name"),
    ("environments.dev.site.hosts", ["a.example.org"], "site.zone_id: must be given with hosts"),
    ("environments.dev.site.requests_per_5_minutes", 1, "requests_per_5_minutes: 1: Input should be greater"),
    ("environments.dev.site.sources", {"script": ["*"]}, "'script': directives are default-src"),
    ("images.api.retire", True, "'api': Pulumi.dev.yaml retires this repository"),
]


def served(path: str, value: object) -> Any:
    """A change of the stack files with all that serves."""

    def change(files: Files) -> None:
        serving(files)
        put("dev", path, value)(files)

    return change


def test_stack_files_with_all_that_serves_are_right(tmp_path: Path) -> None:
    assert faults(serving, tmp_path) == []


@pytest.mark.parametrize(("path", "value", "rule"), REFUSED)
def test_what_is_refused_names_key_value_and_rule(path: str, value: object, rule: str, tmp_path: Path) -> None:
    found = faults(served(path, value), tmp_path)
    assert any(rule in one for one in found), found
    assert all(one.startswith("Pulumi.") for one in found)


MISSING: list[tuple[str, str]] = [
    ("cluster", "environments.dev.api: the account has no cluster (cluster) that it could run in"),
    ("environments.dev.database", "environments.dev.api: the environment has no database that it could read"),
    ("environments.dev.site", "environments.dev.api: the environment has no site: nobody could reach it"),
    ("environments.dev.api", "environments.dev.frontend: the environment has no api that it could ask"),
]


@pytest.mark.parametrize(("path", "rule"), MISSING)
def test_what_each_entry_cannot_be_without(path: str, rule: str, tmp_path: Path) -> None:
    def change(files: Files) -> None:
        serving(files)
        *parents, last = path.split(".")
        place = files["dev"]
        for part in parents:
            place = place[part]
        del place[last]

    assert DEV + rule in faults(change, tmp_path)


def test_an_environment_with_services_is_not_named_as_the_clusters_own(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        serving(files)
        environments = files["dev"]["environments"]
        environments["shared"] = environments.pop("dev")

    assert any("environments.shared: 'shared': the cluster has this name" in one for one in faults(change, tmp_path))


def test_a_host_belongs_to_one_distribution(tmp_path: Path) -> None:
    def change(files: Files) -> None:
        serving(files)
        for entries, key in ((files["dev"]["environments"]["dev"], "site"), (files["public"]["data_cdn"], "public")):
            entries[key] = {"hosts": ["x.example.org"], "zone_id": "Z0123456789ABCDEFGHIJ"}

    [found] = faults(change, tmp_path)
    assert "'x.example.org': is a host of Pulumi.dev.yaml: environments.dev.site too" in found


def against(deployed: dict[str, Any], cluster: dict[str, Any] | None, directory: Path) -> list[str]:
    """The faults of dev's file with this cluster and no services, where ``deployed`` was put out."""

    def change(files: Files) -> None:
        without_services(files["dev"])
        if cluster:
            files["dev"]["cluster"] = cluster

    portal = load("dev", written(changed(change), directory))
    try:
        portal.refuse_accidents({}, {}, {}, {}, deployed)
    except SettingsError as error:
        return [str(fault) for fault in error.faults]
    return []


DEPLOYED = {"name": "cryoet", "version": "1.35", "protected": True}


def test_a_version_is_not_skipped_nor_taken_back(tmp_path: Path) -> None:
    assert against(DEPLOYED, {"version": "1.36", "public_access": []}, tmp_path) == []
    [skipped] = against({**DEPLOYED, "version": "1.34"}, {"version": "1.36", "public_access": []}, tmp_path)
    assert skipped == f"{DEV}cluster.version: '1.36': the cluster has 1.34: one minor version at a time; 1.35 first"
    [back] = against(DEPLOYED, {"version": "1.34", "public_access": []}, tmp_path)
    assert "the cluster has 1.35: a version can't be taken back" in back


def test_a_cluster_is_not_dropped_without_retire(tmp_path: Path) -> None:
    [dropped] = against(DEPLOYED, None, tmp_path)
    assert dropped.startswith(f"{DEV}cluster: the cluster cryoet is deployed and protected; set retire: true on it")
    assert against({**DEPLOYED, "protected": False}, None, tmp_path) == []
    assert against({}, None, tmp_path) == []
