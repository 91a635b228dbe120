"""AWS Step Functions that execute: definitions checked as AWS checks them, run as the machine's role."""

from __future__ import annotations

from localcloud.server.service import Service

from . import model

SERVICE = Service(
    name="stepfunctions",
    signing_name="states",
    prefix="states",
    operations={
        ("arn:aws:states:{region}:{account}:stateMachine:{name}",): "CreateStateMachine",
        ("{stateMachineArn}",): """DeleteStateMachine DescribeStateMachine ListExecutions ListStateMachineVersions
            StartExecution UpdateStateMachine""",
        ("{executionArn}",): """DescribeExecution DescribeStateMachineForExecution GetExecutionHistory ListMapRuns
            RedriveExecution StopExecution""",
        ("{mapRunArn}",): "DescribeMapRun",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "ListStateMachines ValidateStateMachineDefinition",
    },
    tags_on_create={"CreateStateMachine": "TagResource"},
    passed_roles={name: {"roleArn": "states.amazonaws.com"} for name in ("CreateStateMachine", "UpdateStateMachine")},
    principals=("states.amazonaws.com",),
    resource=model.resource,
    inventory=model.inventory,
    modules=("operations",),
)
