"""The generated JSON Schema and page are current, and the schema accepts and refuses as the settings do."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from settings import files_of_stacks
from tests.unit.stackfiles import ROOT, own_files
from tools.schema import json_schema, page

SCHEMA = json.loads(json_schema())


def test_the_generated_files_are_current() -> None:
    assert (ROOT / "docs/stack-file.schema.json").read_text() == json_schema(), "run `make schema`"
    assert (ROOT / "docs/stack-file.md").read_text() == page(), "run `make schema`"


@pytest.mark.parametrize("file", files_of_stacks(ROOT).values(), ids=lambda file: file.name)
def test_a_stack_file_names_the_schema_and_keeps_to_it(file: Path) -> None:
    text = file.read_text()
    assert text.splitlines()[0] == "# yaml-language-server: $schema=docs/stack-file.schema.json"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(yaml.safe_load(text), SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", 908710317728), ("id", "12"), ("region", "us-west-9"), ("regoin", "us-west-2"), ("budget", {})],
)
def test_the_schema_refuses_what_the_settings_refuse(key: str, value: object) -> None:
    config = own_files()["dev"]
    config["portal:settings"]["account"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": config}, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_every_setting_is_explained() -> None:
    for name, model in SCHEMA["$defs"].items():
        assert model.get("description"), name
        unexplained = [key for key, field in model["properties"].items() if "description" not in field]
        # A key whose value is a model of its own is explained there.
        assert all("$ref" in str(model["properties"][key]) or key in SELF_EXPLAINING for key in unexplained), (
            name,
            unexplained,
        )


SELF_EXPLAINING = {"region", "branch", "reads", "bucket"}
