"""The Map state: inline, or distributed over executions of their own."""

from __future__ import annotations

from .branch import Frame
from .distributed import distributed
from .interpreter import Step, attempted, handles
from .parallel import inline, processor


@handles("Map")
def map_state(frame: Frame) -> Step:
    config = processor(frame.state).get("ProcessorConfig", {})
    if config.get("Mode", "INLINE") == "DISTRIBUTED":
        return attempted(frame, lambda: distributed(frame))
    return attempted(frame, lambda: inline(frame))
