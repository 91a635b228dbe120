"""``portal.yaml``: what is wrong in it is named, and what it says reaches every name and every rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import names, orchestrator_names
from settings import SettingsError, load
from tests.unit.stackfiles import STACK_FILES, changed, own_files, own_project, written

AS_IT_IS: dict[str, Any] = yaml.safe_load((STACK_FILES / "portal.yaml").read_text())


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The prefix is one for the process."""
    yield
    load("dev", own_project())


def project(directory: Path, **values: object) -> Path:
    written(own_files(), directory)
    (directory / "portal.yaml").write_text(yaml.safe_dump({**AS_IT_IS, **values}))
    return directory


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("prefix", "Lab", "portal.yaml: prefix: 'Lab': 1 to 9 lower-case letters and digits, beginning with a letter"),
        ("prefix", "tomography", "portal.yaml: prefix: 'tomography': 1 to 9 lower-case"),
        ("prefix", None, "portal.yaml: prefix: null: "),
        (
            "registry",
            {**AS_IT_IS["registry"], "account": "12"},
            "portal.yaml: registry.account: '12': an account",
        ),
        ("client_buckets", {"wdl": "swipe-wdl"}, "portal.yaml: client_buckets.comms: is required"),
        ("data_urls", {**AS_IT_IS["data_urls"], "others": "files.example.org"}, "others: 'files.example.org': an addr"),
        ("data_url", {}, "portal.yaml: data_url: {}: "),
        ("engineers", ["12"], "portal.yaml: engineers[0]: '12': an account"),
        ("engineers", [], "portal.yaml: engineers: []: "),
    ],
)
def test_a_fault_is_named(key: str, value: object, fault: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load("dev", project(tmp_path, **{key: value}))
    assert any(fault in str(one) for one in refused.value.faults), refused.value


def test_without_the_file_nothing_is_read(tmp_path: Path) -> None:
    (project(tmp_path) / "portal.yaml").unlink()
    with pytest.raises(SettingsError, match=r"portal\.yaml: cannot be read: No such file"):
        load("dev", tmp_path)


def test_all_names_begin_with_the_prefix(tmp_path: Path) -> None:
    load("dev", project(tmp_path, prefix="lab"))
    assert names.OPERATOR == "lab-operator"
    assert names.CLUSTER_LOG_GROUP == "/aws/eks/lab/cluster"
    assert names.sync_role("public") == "lab-sync-public"
    assert orchestrator_names.instance_role("dev") == "lab-ingestion-dev-batch-main-instance"


def test_the_longest_prefix_leaves_room_for_the_longest_role(tmp_path: Path) -> None:
    load("dev", project(tmp_path, prefix="abcdefghi"))
    assert len(orchestrator_names.instance_role("e" * 24)) <= 64


def test_a_misspelt_name_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'OPERATORS'"):
        getattr(names, "OPERATORS")  # noqa: B009 - a type checker refuses the plain form


def test_buckets_are_found_by_the_projects_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"wdl_bucket: 'cryoet-swipe-wdl-dev': must contain 'workflows' and"):
        load("dev", project(tmp_path, client_buckets={"wdl": "workflows", "comms": "swipe-comms"}))


def test_images_are_in_the_projects_registry(tmp_path: Path) -> None:
    rule = r"images\.\w+: '\w+': clients look for images in the account 111122223333 alone \(registry\.acc"
    with pytest.raises(SettingsError, match=rule):
        load("dev", project(tmp_path, registry={**AS_IT_IS["registry"], "account": "111122223333"}))


def test_a_fault_of_a_stack_file_is_told_beside_one_of_the_projects(tmp_path: Path) -> None:
    def both(files: dict[str, Any]) -> None:
        files["dev"]["account"]["id"] = "1"

    project(tmp_path, prefix="Lab")
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": changed(both)["dev"]}))
    with pytest.raises(SettingsError) as refused:
        load("dev", tmp_path)
    assert {fault.file for fault in refused.value.faults} == {"portal.yaml", "Pulumi.dev.yaml"}
