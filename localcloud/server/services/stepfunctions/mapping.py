"""The Map state: inline, or distributed over executions of their own."""

from __future__ import annotations

from .branch import Frame
from .distributed import distributed
from .interpreter import Step, attempted, handles
from .parallel import inline, processor


@handles("Map")
def map_state(held: Frame) -> Step:
    config = processor(held.state).get("ProcessorConfig", {})
    if config.get("Mode", "INLINE") == "DISTRIBUTED":
        return attempted(held, lambda: distributed(held))
    return attempted(held, lambda: inline(held))
