"""How a stage's inputs come from earlier stages: the map that a client names by ``STAGES_IO_MAP_JSON``.

The map is ``{stage: {input: source}}``; a source is the bare name of an earlier output, or ``[stage, input]`` for
another stage's input. Outputs are known by what follows the workflow's name, so equal names of two stages are one, and
lists are not kept. The functions return JSONata over ``$state`` and ``$io_map``.
"""

from __future__ import annotations

from .expressions import block, literal

_IS_SOURCE = """function($s) {
    $type($s) = "string" ? true
    : $type($s) = "array" ? $count($s) = 2 and $count($filter($s, function($t) { $type($t) = "string" })) = 2
    : false
}"""
_IS_STAGE = """function($m) {
    $type($m) = "object" ? $count($each($m, function($s) { $is_source($s) ? 1 })) = $count($keys($m)) : false
}"""


def checked_map(text: str) -> str:
    """The parsed map; fails if it is none. ``text``: an expression."""
    fits = "$count($each($read, function($m) { $is_stage($m) ? 1 })) = $count($keys($read))"
    return block(
        f"$is_source := {_IS_SOURCE}",
        f"$is_stage := {_IS_STAGE}",
        f"$read := $parse({text})",
        f'($type($read) = "object" ? {fits} : false) ? $read : $error("not a map of stages to inputs to sources")',
    )


def linked_input(stage: str) -> str:
    """The stage's inputs with those that the map brings; fails if one comes from nowhere."""
    link = "function($s, $k) { $exists($found($s)) ? {$k: $found($s)} }"
    return block(
        *_sources(stage),
        f"$count($missing) = 0 ? $merge([$own, $each($links, {link})]) : $error({_complaint(stage)})",
    )


def missing_inputs(stage: str) -> str:
    """The sentence that says what comes from nowhere."""
    return block(*_sources(stage), _complaint(stage))


def _sources(stage: str) -> list[str]:
    """The stage's own inputs, its links, which of those lead nowhere. What the client gave itself needs no source."""
    return [
        f"$own := $state.Input.{stage}",
        f"$links := $exists($io_map.{stage}) ? $io_map.{stage} : {{}}",
        '$bare := function($k) { $contains($k, ".") ? $split($k, ".")[1] : $k }',
        "$known := $merge([{}, $each($state.Result, function($v, $k) { {$bare($k): $v} })])",
        "$input_of := function($s) { $lookup($lookup($state.Input, $s[0]), $s[1]) }",
        '$found := function($s) { $type($s) = "array" ? $input_of($s) : $lookup($known, $s) }',
        "$sourced := function($s, $k) { $exists($found($s)) ? true : $exists($lookup($own, $k)) }",
        "$missing := [$each($links, function($s, $k) { $not($sourced($s, $k)) ? $k })]",
    ]


def _complaint(stage: str) -> str:
    complaint = f"the client did not set them, and no earlier stage gives these inputs of {stage}: "
    return f'{literal(complaint)} & $join($missing, ", ")'
