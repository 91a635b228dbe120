"""The state machine that runs workflows as batch jobs: JSONata, no Lambda functions, one stage or many.

One stage takes four transitions when all goes well: its input is checked and written, its job runs, its message is
sent, its output is read. A job runs on the spot queue first; when its machine is taken back or none is to be had, the
same state is entered again with the other market. A failure costs two or three transitions more, and ends the
execution with an error name and a cause of its own (``failures``).

Rests on: States.ALL does not catch States.Runtime and States.DataLimitExceeded, so nothing that may be too large is
read whole; an expression that fails in a task's fields is States.QueryEvaluationError, which its Catch sees; variables
hold 256 KiB each; a state's Assign and Output see the variables as they were when it was entered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import contract, linking
from .expressions import block, classify, expression, known, literal
from .failures import Kind
from .limits import EXECUTION_SECONDS
from .machine import StateMachineArgs
from .stages import stage_states, write_linked
from .tasks import (
    CAUSE,
    FAIL,
    GET,
    NO_OBJECT,
    PUT,
    TOO_LARGE,
    UNREADABLE,
    State,
    read,
    task,
    to_cause,
    to_failure,
    write,
)

FIRST, REFUSE, MAP_CHOICE, READ_MAP = "PreprocessInput", "RefuseInput", "StagesMapChoice", "ReadStagesMap"


def definition(name: str, args: StateMachineArgs) -> dict[str, Any]:
    """The machine in the States Language. Raises ValueError for arguments that cannot be."""
    args.check(name)
    return {
        "Comment": "Workflows as batch jobs: on spot machines first, on demand when one is taken back",
        "QueryLanguage": "JSONata",
        "StartAt": FIRST,
        "TimeoutSeconds": EXECUTION_SECONDS,
        "States": dict(_states(args)),
    }


def text(machine: dict[str, Any]) -> str:
    """The definition as it is deployed. Raises ValueError beyond AWS's limit of 1 MiB."""
    definition = json.dumps(machine, indent=1)
    if len(definition) > 1_048_576:
        raise ValueError(f"state machine definition: {len(definition)} characters; AWS allows 1048576")
    return definition


def _states(args: StateMachineArgs) -> Iterator[tuple[str, State]]:
    yield from _entry(args)
    for number, stage in enumerate(args.stages):
        if len(args.stages) > 1:
            yield f"{stage.name}WriteInput", write_linked(stage)
        yield from stage_states(stage, args, number)
    yield CAUSE, _get_cause()
    yield FAIL, {"Type": "Fail", "Error": expression("$failure.error"), "Cause": expression("$failure.cause")}


def _entry(args: StateMachineArgs) -> Iterator[tuple[str, State]]:
    faults = contract.faults(args.stages, args.largest, args.workspaces, args.workspaces + args.workflows)
    yield FIRST, _accept(args, faults)
    yield REFUSE, _refuse(faults)
    if len(args.stages) > 1:
        first = args.stages[0].name
        present = expression(f"$exists($state.{contract.MAP_KEY})")
        choice = {"Condition": present, "Next": READ_MAP}
        yield MAP_CHOICE, {"Type": "Choice", "Choices": [choice], "Default": first}
        yield READ_MAP, _read_map(f"{first}WriteInput")


def _accept(args: StateMachineArgs, faults: str) -> State:
    """Refuses the input by an expression that fails: a state of its own for this would be a transition more."""
    first = args.stages[0]
    entered = "$in := $states.context.Execution.Input"
    state = contract.first_state(args.stages)
    accepted = block(entered, f"$faults := {faults}", f'$count($faults) > 0 ? $error("refused") : {state}')
    uri = f"$lookup({accepted}, {literal(contract.key(first.name, 'INPUT'))})"
    return task(
        PUT,
        write(uri, f"$states.context.Execution.Input.Input.{first.name}"),
        assign={
            "state": expression(block(entered, _with_result(state))),
            "market": expression(contract.first_market("$states.context.Execution.Input")),
            "io_map": {},
        },
        catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Next": REFUSE}, to_cause()],
        after=MAP_CHOICE if len(args.stages) > 1 else first.name,
    )


def _with_result(state: str) -> str:
    """``Result`` is an object from the start; what a client sends under that name stays, as it always did."""
    return block(
        f"$made := {state}",
        '$merge([$made, {"Result": $type($made.Result) = "object" ? $made.Result : {}, "BatchJobDetails": {}}])',
    )


def _refuse(faults: str) -> State:
    """Says every fault at once. Without one another expression failed; AWS's own words tell."""
    cause = block(
        "$in := $states.context.Execution.Input",
        f"$faults := {faults}",
        f"{literal(Kind.BAD_INPUT.meaning + ': ')} & "
        '($count($faults) > 0 ? $join($faults, "; ") : $states.input.Cause)',
    )
    return {"Type": "Fail", "Error": Kind.BAD_INPUT.error, "Cause": expression(cause)}


def _read_map(after: str) -> State:
    uri = f"$state.{contract.MAP_KEY}"
    absent = known(Kind.MISSING_INPUT, f"{literal(f'{contract.MAP_KEY}: there is no object ')} & {uri}")
    wrong = known(
        Kind.BAD_INPUT,
        f"{literal(f'{contract.MAP_KEY}: ')} & {uri}"
        f" & {literal(' is not JSON of the form {stage: {input: output or [stage, input]}}, or is too large')}",
    )
    return task(
        GET,
        read(uri),
        assign={"io_map": expression(linking.checked_map("$states.result.Body"))},
        catch=[to_failure(NO_OBJECT, absent), to_failure(UNREADABLE + TOO_LARGE, wrong), to_cause()],
        after=after,
    )


def _get_cause() -> State:
    classified = classify("$caught.Error", "$caught.Cause")
    in_state = block(f"$it := {classified}", '$merge([$it, {"cause": $it.cause & ", in the state " & $caught.State}])')
    return {"Type": "Pass", "Assign": {"failure": expression(in_state)}, "Output": {}, "Next": FAIL}
