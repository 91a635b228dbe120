"""moto's models are touched in one module a service, and what is relied on there is written down: an upgrade tells."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import botocore.session
import pytest
from moto.iam.responses import IamResponse

from localcloud.server.moto_backend import responses, utils
from tests.localcloud.moto_contract import DECISIONS, FILE, ROOT, SERVER, relied_on

CORE = ("core", "backends", "backend_index", "moto_api", "utilities")
"""How moto is asked, not what it holds."""
MORE = {DECISIONS: {"iam", "kms"}, SERVER / "services" / "s3" / "store.py": {"s3", "s3control"}}


def touched(file: Path) -> set[str]:
    """The services of moto that a file imports from, anywhere in it."""
    services = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        services |= {name.split(".")[1] for name in names if name.startswith("moto.")} - set(CORE)
    return services


def allowed(file: Path) -> set[str]:
    own = {file.parent.name} if file.name == "store.py" and file.parent.parent.name == "services" else set[str]()
    return MORE.get(file, own)


def test_motos_models_are_touched_in_one_module_a_service() -> None:
    files = {file: touched(file) for file in (ROOT / "localcloud").rglob("*.py")}
    assert {file: names - allowed(file) for file, names in files.items() if names - allowed(file)} == {}
    assert {"sqs", "iam", "s3"} <= set().union(*files.values())


@pytest.mark.parametrize("statement", ["from moto.sqs.models import Queue", "import moto.sqs", "from moto import sqs"])
def test_an_import_within_a_function_counts(tmp_path: Path, statement: str) -> None:
    (tmp_path / "file.py").write_text(f"def use():\n    {statement}\n")
    assert touched(tmp_path / "file.py") == {"sqs"}


CONTRACT = json.loads(FILE.read_text())


@pytest.mark.parametrize("module", sorted(CONTRACT))
def test_what_is_relied_on_is_there(module: str) -> None:
    """A difference: moto or the use of it changed. Look at both, then `python -m tests.localcloud.moto_contract`."""
    assert relied_on()[module] == CONTRACT[module]


def test_every_module_that_touches_moto_is_walked() -> None:
    assert set(relied_on()) == set(CONTRACT)
    assert all(CONTRACT[module] for module in CONTRACT)


def test_moto_does_once_what_is_the_same_at_each_call() -> None:
    core, loading, headers = vars(responses), vars(utils), dict[str, str]()
    assert core["method_names_from_class"](IamResponse) is core["method_names_from_class"](IamResponse)
    assert loading["create_loader"]() is loading["create_loader"]()
    assert botocore.session.create_loader() is botocore.session.create_loader()
    ids = {core["gen_amzn_requestid_long"](headers) for _ in range(2)}
    assert len(ids) == 2
    assert headers["x-amzn-requestid"] in ids
