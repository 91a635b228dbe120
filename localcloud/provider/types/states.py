"""aws:sfn/stateMachine:StateMachine. Its id is its ARN.

AWS facts: creating one with the name of another that is the same answers 200, so pulumi-aws does not tell; the role's
trust and grants are tried at once, hence the retry; the definition is kept letter by letter; logging has one place.
"""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

GONE: Final = frozenset({"StateMachineDoesNotExist"})
_BLOCKS: Final = ("logging_configuration", "tracing_configuration", "encryption_configuration")


def _valid_definition(plan: Plan) -> Faults:
    """pulumi-aws has AWS look at a changed definition, in previews too."""
    text: Any = plan.new.get("definition")
    if plan.client is None or not isinstance(text, str) or text == plan.old.get("definition"):
        return []
    region = plan.new.get("region")
    client = plan.client("stepfunctions", region if isinstance(region, str) else "")
    answer = client.validate_state_machine_definition(definition=text, type=plan.new.get("type") or "STANDARD")
    if answer["result"] == "OK":
        return []
    found = [f"{item['severity']} ({item['code']}): {item['message']}" for item in answer["diagnostics"]]
    return [("definition", "; ".join(found))]


class StateMachine(Resource):
    """A workflow of Step Functions."""

    tf = "aws_sfn_state_machine"
    pulumi = "aws:sfn/stateMachine:StateMachine"
    awaits_removal = True
    handles = frozenset({"name", "name_prefix", "definition", "role_arn", "type", *_BLOCKS})
    recomputed = frozenset({"revision_id"})
    plan_rules = (
        ("definition changed and known", _valid_definition),
        ("publish=true", REFUSED),
        ("name, name_prefix, type", FLAGS),
    )

    def create(self, op: Operation) -> str:
        request = {
            "name": name_of(op.new),
            "type": op.new["type"],
            "definition": op.new["definition"],
            "roleArn": op.new["role_arn"],
            "tags": as_list(op.new["tags_all"], "key", "value"),
            **_blocks(op),
        }
        passing = has_code("StateMachineDeleting", "AccessDeniedException")
        call = lambda: op.client("stepfunctions").create_state_machine(**request)  # noqa: E731 (retried as it is)
        return str(op.retry(call, passing, PROPAGATION_SECONDS)["stateMachineArn"])

    def read(self, op: Operation) -> State | None:
        states, arn = op.client("stepfunctions"), op.resource_id
        found = optional(lambda: states.describe_state_machine(stateMachineArn=arn), GONE)
        if found is None:
            return None
        versions = states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
        return {
            "arn": arn,
            "state_machine_version_arn": versions[0]["stateMachineVersionArn"] if versions else "",
            "name": found["name"],
            "type": found["type"],
            "definition": found["definition"],
            "role_arn": found["roleArn"],
            "status": found["status"],
            "creation_date": found["creationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": found.get("description", ""),
            "revision_id": found.get("revisionId", ""),
            "version_description": "",
            "logging_configuration": _logging(found.get("loggingConfiguration") or {}),
            "tracing_configuration": {"enabled": (found.get("tracingConfiguration") or {}).get("enabled", False)},
            "encryption_configuration": _encryption(found.get("encryptionConfiguration") or {}),
            "tags_all": as_map(states.list_tags_for_resource(resourceArn=arn)["tags"], "key", "value"),
        }

    def update(self, op: Operation) -> None:
        states, arn = op.client("stepfunctions"), op.resource_id
        if op.changed - {"tags", "tags_all"}:
            states.update_state_machine(
                stateMachineArn=arn, definition=op.new["definition"], roleArn=op.new["role_arn"], **_blocks(op)
            )
        op.retag(
            lambda keys: states.untag_resource(resourceArn=arn, tagKeys=keys),
            lambda tags: states.tag_resource(resourceArn=arn, tags=as_list(tags, "key", "value")),
        )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("stepfunctions").delete_state_machine(stateMachineArn=op.resource_id), GONE)


def _blocks(op: Operation) -> dict[str, Any]:
    """The blocks that the program gives; what it leaves out stays as it is."""
    logging, tracing, encryption = (op.new.get(name) for name in _BLOCKS)
    request: dict[str, Any] = {}
    if logging:
        place = logging.get("log_destination")
        request["loggingConfiguration"] = {
            "level": logging.get("level") or "OFF",
            "includeExecutionData": bool(logging.get("include_execution_data")),
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": place}}] if place else [],
        }
    if tracing:
        request["tracingConfiguration"] = {"enabled": bool(tracing.get("enabled"))}
    if encryption:
        names = {
            "type": "type",
            "kms_key_id": "kmsKeyId",
            "kms_data_key_reuse_period_seconds": "kmsDataKeyReusePeriodSeconds",
        }
        request["encryptionConfiguration"] = {names[key]: value for key, value in encryption.items() if value}
    return request


def _logging(found: Mapping[str, Any]) -> State:
    places = [item["cloudWatchLogsLogGroup"]["logGroupArn"] for item in found.get("destinations") or []]
    return {
        "level": found.get("level", "OFF"),
        "include_execution_data": found.get("includeExecutionData", False),
        "log_destination": places[0] if places else "",
    }


def _encryption(found: Mapping[str, Any]) -> State:
    return {
        "type": found.get("type", "AWS_OWNED_KEY"),
        "kms_key_id": found.get("kmsKeyId", ""),
        "kms_data_key_reuse_period_seconds": found.get("kmsDataKeyReusePeriodSeconds", 0),
    }
