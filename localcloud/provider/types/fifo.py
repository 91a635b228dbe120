"""What queues and topics have alike: a FIFO one's name ends in ".fifo", and some inputs are for FIFO alone."""

import re
from collections.abc import Callable

from localcloud.provider.plan import Faults, Plan


def name_of_kind(flag: str, most: int) -> Callable[[Plan], Faults]:
    """A check of the name of a queue or topic: a FIFO one's ends in ".fifo"."""

    def check(plan: Plan) -> Faults:
        name = plan.new.get("name")
        if not isinstance(name, str):
            return []
        fifo = bool(plan.new.get(flag))
        pattern = rf"[A-Za-z0-9_-]{{1,{most - 5}}}\.fifo" if fifo else rf"[A-Za-z0-9_-]{{1,{most}}}"
        return [] if re.fullmatch(pattern, name) else [("name", f"must match ^{pattern}$, is {name!r}")]

    return check


def fifo_only(flag: str) -> Callable[[Plan], Faults]:
    def check(plan: Plan) -> Faults:
        wrong = plan.new.get("content_based_deduplication") and not plan.new.get(flag)
        return [("content_based_deduplication", "is for FIFO alone")] if wrong else []

    return check
