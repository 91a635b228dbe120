"""The states of one stage: its input, its job, its message, its output, and what follows a failure of each.

The job's state is entered once for each market: the variable ``$market`` says which queue, memory and vCPUs it takes,
and ``SFN_CURRENT_STATE`` tells the job (``RunSPOT``, ``RunEC2``). A job writes its output after its state was entered
(``$entered``); what is older at that place is an earlier run's, and is neither removed nor read as this one's failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import contract, failures, linking
from .contract import StageArgs
from .expressions import (
    block,
    classify,
    explained,
    expression,
    first_of,
    known,
    literal,
    settled,
    size,
)
from .failures import Kind
from .machine import StateMachineArgs
from .tasks import (
    ALL,
    FAIL,
    GET,
    HEAD,
    LARGEST_OUTPUT,
    LARGEST_STATE,
    NO_OBJECT,
    PUT,
    SEND,
    SUBMIT,
    TOO_LARGE,
    UNREADABLE,
    State,
    place,
    read,
    task,
    to_cause,
    to_failure,
    write,
)


def write_linked(stage: StageArgs) -> State:
    """Writes the stage's input with what earlier stages gave. Each stage begins in the market the client asked for."""
    uri = f"$state.{contract.key(stage.name, 'INPUT')}"
    linked = linking.linked_input(stage.name)
    inputs = f'{{"Input": $merge([$state.Input, {{"{stage.name}": {linked}}}])}}'
    missing = known(Kind.MISSING_INPUT, linking.missing_inputs(stage.name))
    return task(
        PUT,
        write(uri, linked),
        assign={
            "state": expression(f"$merge([$state, {inputs}])"),
            "market": expression(contract.first_market("$states.context.Execution.Input")),
        },
        catch=[to_failure(["States.QueryEvaluationError"], missing), to_cause()],
        after=stage.name,
    )


def stage_states(stage: StageArgs, args: StateMachineArgs, number: int) -> Iterator[tuple[str, State]]:
    """The states of one stage by name, from its job on."""
    name, queues = stage.name, args.message_queues
    notify, notify_failure = _names(f"{name}Notify", queues), _names(f"{name}NotifyFailure", queues)
    read_output, read_error = f"{name}ReadOutput", f"{name}ReadError"
    yield name, _run(stage, args, [*notify, read_output][0])
    failed = [*notify_failure, read_error][0]
    yield f"{name}DetectError", _detect_error(name, failed)
    yield f"{name}DetectInterruption", _detect_interruption(name, failed)
    for queue, state, after in zip(queues, notify, [*notify, read_output][1:], strict=True):
        yield state, _notify(name, queue, to_cause(), after)
    yield read_output, _read_output(args, number)
    yield f"{name}CheckOutput", _check_output(name)
    for queue, state, after in zip(queues, notify_failure, [*notify_failure, read_error][1:], strict=True):
        # The job's own failure is what the execution ends with, sent or not.
        yield state, _notify(name, queue, {"ErrorEquals": ALL, "Output": {}, "Next": after}, after)
    yield read_error, _read_error(name)


def _names(prefix: str, queues: tuple[str, ...]) -> list[str]:
    """One state a queue: ``RunNotify``, ``RunNotify2`` …"""
    return [f"{prefix}{number if number > 1 else ''}" for number in range(1, len(queues) + 1)]


def _run(stage: StageArgs, args: StateMachineArgs, after: str) -> State:
    """Submits the job and waits for its end. Its limit counts from its start; waiting has the execution's alone."""
    memory, vcpus = contract.size(stage.name)
    queue = f'$market = "SPOT" ? {literal(args.spot_queue)} : {literal(args.on_demand_queue)}'
    tags = {"Tags": dict(args.job_tags), "PropagateTags": True} if args.job_tags else {}
    classified = classify("$states.errorOutput.Error", "$states.errorOutput.Cause")
    return task(
        SUBMIT,
        {
            "JobName": expression(contract.job_name()),
            "JobQueue": expression(queue),
            "JobDefinition": _definition(stage.name, args),
            "Timeout": {"AttemptDurationSeconds": args.job_timeout_seconds},
            "ContainerOverrides": {
                "ResourceRequirements": [
                    {"Type": "MEMORY", "Value": expression(memory)},
                    {"Type": "VCPU", "Value": expression(vcpus)},
                ],
                "Environment": [
                    {"Name": variable, "Value": expression(value)}
                    for variable, value in contract.environment(stage.name).items()
                ],
            },
            **tags,
        },
        catch=[
            {
                "ErrorEquals": ALL,
                "Assign": {
                    "failure": expression(classified),
                    "entered": expression("$states.context.State.EnteredTime"),
                },
                "Output": {},
                "Next": f"{stage.name}DetectError",
            }
        ],
        after=after,
    )


def _definition(stage: str, args: StateMachineArgs) -> str:
    if not args.job_definitions:
        return args.job_definition
    return expression(contract.job_definition(stage, args.job_definition, args.job_definitions, args.workflows))


def _detect_error(name: str, after: str) -> State:
    """The machine is taken or none is to be had: once more, on demand. Anything else, or on demand already: failed."""
    interrupted = f'$failure.kind = {literal(Kind.INTERRUPTED.name)} and $market = "SPOT"'
    lost = f'$failure.action = {literal(failures.Action.ON_DEMAND.value)} and $market = "SPOT"'
    choices = [
        {"Condition": expression(interrupted), "Output": {}, "Next": f"{name}DetectInterruption"},
        {"Condition": expression(lost), **_on_demand(name)},
    ]
    return {"Type": "Choice", "Choices": choices, "Default": after}


def _on_demand(name: str) -> State:
    return {"Assign": {"market": "EC2"}, "Output": {}, "Next": name}


def _detect_interruption(name: str, after: str) -> State:
    """A job that ended as if it was told to: failed if its runner lived to say why, else once more, on demand.

    Whatever keeps this from being known counts as a lost machine too.
    """
    failure = settled("$failure", "$states.result.Body")
    own = f'$settled.kind = {literal(Kind.APPLICATION.name)} ? $settled : $error("not its own doing")'
    return task(
        GET,
        read(f"$state.{contract.key(name, 'OUTPUT')}"),
        assign={"failure": expression(_of_this_job(block(f"$settled := {failure}", own)))},
        catch=[{"ErrorEquals": ALL, **_on_demand(name)}],
        after=after,
    )


def _of_this_job(value: str) -> str:
    """Fails if the object was there before the job: it speaks of another. S3 knows whole seconds alone."""
    begun = "$floor($toMillis($entered) / 1000) * 1000"
    return f'$toMillis($states.result.LastModified) >= {begun} ? {value} : $error("left by an earlier job")'


def _notify(stage: str, queue: str, catch: State, after: str) -> State:
    return task(
        SEND, {"QueueUrl": queue, "MessageBody": expression(contract.message(stage))}, catch=[catch], after=after
    )


def _read_output(args: StateMachineArgs, number: int) -> State:
    stage = args.stages[number].name
    last = number == len(args.stages) - 1
    merged = expression(_merged(args, number))
    uri = f"$state.{contract.key(stage, 'OUTPUT')}"
    absent = known(Kind.MISSING_OUTPUT, f"{literal(Kind.MISSING_OUTPUT.meaning + ': there is no object ')} & {uri}")
    state = task(
        GET,
        read(uri),
        # Also in the last stage, which has no use for it: what fails here is caught wherever this runs.
        assign={"state": merged},
        catch=[
            to_failure(NO_OBJECT, absent),
            {"ErrorEquals": UNREADABLE, "Output": {}, "Next": f"{stage}CheckOutput"},
            to_failure(TOO_LARGE, _too_large(uri, f"more than {LARGEST_STATE} bytes as text inside a result")),
            to_cause(),
        ],
        after=None if last else f"{args.stages[number + 1].name}WriteInput",
    )
    return {**state, "Output": merged} if last else state


def _merged(args: StateMachineArgs, number: int) -> str:
    """The state with the stage's outputs, lists left out; fails on what is too large or no JSON object."""
    details = literal({stage.name: {} for stage in args.stages[: number + 1]})
    return block(
        f'$document := {_size_in_result()} > {LARGEST_OUTPUT} ? $error("too large") : $parse($states.result.Body)',
        '$kept := $type($document) = "object" ? $sift($document, function($v) { $not($type($v) = "array") }) '
        ': $error("no object")',
        f'$merged := $merge([$state, {{"Result": $merge([$state.Result, $kept]), "BatchJobDetails": {details}}}])',
        f'{size("$string($merged)")} > {LARGEST_STATE} ? $error("too large") : $merged',
    )


def _size_in_result() -> str:
    result = "$states.result"
    from_range = f'$number($substringAfter({result}.ContentRange, "/"))'
    return f"($exists({result}.ContentRange) ? {from_range} : {result}.ContentLength)"


def _check_output(stage: str) -> State:
    """After the output could not be taken: was it its size?"""
    uri, missing = f"$state.{contract.key(stage, 'OUTPUT')}", Kind.MISSING_OUTPUT
    says_wrong = f'{literal(missing.meaning + ": ")} & {uri} & " is not a JSON object"'
    length, state_size = "$states.result.ContentLength", size("$string($state)")
    alone = f" bytes; {LARGEST_OUTPUT} are read, which as text inside a result leave room in {LARGEST_STATE}"
    together = f" bytes of the run's input and results, together more than {LARGEST_STATE}"
    says = [
        (f"{length} > {LARGEST_OUTPUT}", _too_large(uri, alone, length)),
        (
            f"{length} + $held > {LARGEST_STATE}",
            _too_large(uri, together, f'{length} & " bytes beside " & $held'),
        ),
    ]
    failure = block(f"$held := {state_size}", first_of(says, known(missing, says_wrong)))
    return task(HEAD, place(uri), assign={"failure": expression(failure)}, catch=[to_cause()], after=FAIL)


def _too_large(uri: str, why: str, measured: str = '""') -> str:
    """A failure; ``measured``: an expression of numbers that stand before the sentence ``why``."""
    large = Kind.OUTPUT_TOO_LARGE
    return known(large, f'{literal(large.meaning + ": ")} & {uri} & " has " & {measured} & {literal(why)}')


def _read_error(stage: str) -> State:
    """The runner's own words for the failure of this job; without them, or if they can't be read, ours stand."""
    return task(
        GET,
        read(f"$state.{contract.key(stage, 'OUTPUT')}"),
        assign={"failure": expression(_of_this_job(explained("$failure", "$states.result.Body")))},
        catch=[{"ErrorEquals": ALL, "Output": {}, "Next": FAIL}],
        after=FAIL,
    )
