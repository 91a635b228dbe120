"""A branch of control: where it is, its variables, its events, and what the fields of its states mean.

AWS facts: a branch (of Parallel or Map) reads the variables of the state machine around it and assigns its own; every
expression sees ``$states.input``, ``$states.context`` and, where there is one, ``$states.result`` or
``$states.errorOutput``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.server.call import Caller

from . import jsonpath
from .failures import DATA_LIMIT, StateFailure
from .model import MOST_BYTES, MOST_VARIABLES_BYTES, Execution, Resume, dumps, iso, now, size
from .roles import caller_of
from .tokens import Token

NOTHING = object()


class Branch:
    """``key`` names the branch among all of the execution, the same in a redrive."""

    def __init__(
        self,
        execution: Execution,
        token: Token,
        *,
        key: tuple[Any, ...] = (),
        variables: Mapping[str, Any] | None = None,
        previous: int = 0,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self.execution, self.token, self.key, self.previous = execution, token, key, previous
        self.variables: dict[str, Any] = dict(variables or {})
        self.extra: dict[str, Any] = dict(context or {})

    def child(self, token: Token, *path: Any, context: Mapping[str, Any] | None = None) -> Branch:
        """A branch below this one; ``path`` tells it from its sisters."""
        return Branch(
            self.execution,
            token,
            key=(*self.key, *path),
            variables=self.variables,
            previous=self.previous,
            context=context if context is not None else self.extra,
        )

    def caller(self) -> Caller:
        """The machine's role. Raises StateFailure if Step Functions may not assume it."""
        return caller_of(self.execution.machine)

    def event(self, kind: str, details: Mapping[str, Any] | None = None) -> int:
        self.previous = self.execution.history.add(kind, self.previous, dict(details) if details is not None else None)
        return self.previous

    def at(self, state: str, value: Any) -> None:
        """Notes for a redrive where the branch is. Whatever lay below this branch's earlier states is forgotten."""
        self.forget_below()
        self.execution.resume[self.key] = Resume(state=state, value=value, variables=dict(self.variables))

    def forget_below(self) -> None:
        depth = len(self.key)
        resume = self.execution.resume
        for key in [key for key in list(resume) if len(key) > depth and key[:depth] == self.key]:
            resume.pop(key, None)

    def done(self, value: Any) -> None:
        self.execution.resume[self.key] = Resume(state="", value=value, variables={}, done=True)


@dataclass(kw_only=True)
class Frame:
    """One state of a branch while it runs."""

    branch: Branch
    name: str
    state: dict[str, Any]
    value: Any
    language: str
    entered: datetime
    entered_event: int = 0
    retries: int = 0

    @property
    def is_jsonata(self) -> bool:
        return self.language == "JSONata"

    def context(self) -> dict[str, Any]:
        execution = self.branch.execution
        members: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": execution.input,
                "StartTime": iso(execution.started),
                "Name": execution.name,
                "RoleArn": execution.machine.role_arn,
                "RedriveCount": execution.redrive_count,
            },
            "StateMachine": {"Id": execution.machine.arn, "Name": execution.machine.name},
            "State": {"Name": self.name, "EnteredTime": iso(self.entered), "RetryCount": self.retries},
            **self.branch.extra,
        }
        if execution.redriven is not None:
            members["Execution"]["RedriveTime"] = iso(execution.redriven)
        return members

    def data(self, value: Any = NOTHING) -> jsonpath.Data:
        """What JSONPaths refer to; ``$`` is the state's input unless another value is given."""
        given = self.value if value is NOTHING else value
        return jsonpath.Data(input=given, context=self.context(), variables=self.branch.variables)

    def expressions(self, **more: Any) -> dict[str, Any]:
        """The variables of JSONata expressions; ``more`` is result or errorOutput."""
        from .jsonata import to_jsonata

        states = {"input": self.value, "context": self.context(), **more}
        return to_jsonata(self.branch.variables | {"states": states})

    def fill(self, field: str, **more: Any) -> Any:
        """A JSONata state's field with its expressions evaluated."""
        from .jsonata import fill

        return fill(self.state[field], self.expressions(**more), field)

    def number(self, field: str, default: float | None = None) -> float | None:
        """A number that may be given by itself, by an expression or by a ``...Path``."""
        if f"{field}Path" in self.state:
            return jsonpath.read(self.state[f"{field}Path"], self.data(), field_name=f"{field}Path")
        if field not in self.state:
            return default
        if self.is_jsonata and isinstance(self.state[field], str):
            from .jsonata import fill_typed

            wanted = "number"
            return fill_typed(self.state[field], self.expressions(), field, (int, float), wanted)
        return self.state[field]

    def assign(self, template: Mapping[str, Any] | None, values: Mapping[str, Any]) -> dict[str, str]:
        """Sets the branch's variables; answers them as the history shows them.

        Raises StateFailure States.DataLimitExceeded.
        """
        texts = {name: dumps(value) for name, value in values.items()}
        if template:
            self.branch.variables |= copy.deepcopy(dict(values))
            self._check_variables(texts)
        return texts

    def _check_variables(self, assigned: Mapping[str, str]) -> None:
        if sum(map(size, assigned.values())) > MOST_BYTES:
            names = ", ".join(assigned)
            text = f"The variables {names} that the state '{self.name}' assigns exceed {MOST_BYTES} bytes together."
            raise StateFailure(DATA_LIMIT, text)
        if sum(size(dumps(value)) for value in self.branch.variables.values()) > MOST_VARIABLES_BYTES:
            text = f"The variables of the execution exceed {MOST_VARIABLES_BYTES} bytes."
            raise StateFailure(DATA_LIMIT, text)


def frame(branch: Branch, name: str, state: dict[str, Any], value: Any, default_language: str) -> Frame:
    language = str(state.get("QueryLanguage", default_language))
    return Frame(branch=branch, name=name, state=state, value=value, language=language, entered=now())
