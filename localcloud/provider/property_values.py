"""Property values between the engine's protobuf Struct and plain Python.

Unknown values, secrets, resources and assets travel as marked values (pulumi/sdk `resource/plugin/rpc.go`). Here an
unknown is `UNKNOWN`, an asset is an `Asset`, a resource a `Reference`, and a secret is its plain value, with the
top-level property's name kept aside: like pulumi-aws, whatever a secret property feeds is secret as a whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value

Plain = Any
"""None, bool, int, float, str, list or dict of these, `UNKNOWN`, an `Asset` or a `Reference`."""

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (the protocol's mark for "is secret")
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        UNKNOWN_STRING,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown:
    """The type of `UNKNOWN`: a value that is known only once the update runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Asset:
    """One file or text given by the program. The engine has read it once to fill in `hash` (SHA-256, hex).

    Exactly one of `path` (relative to the program's directory), `text` and `uri` is not empty, except for an asset that
    was read back from state, of which only the hash is sure.
    """

    hash: str
    path: str = ""
    text: str | None = None
    uri: str = ""


@dataclass(frozen=True)
class Reference:
    """A resource of the program, given to a plugin that accepts resources. ``id`` may be `UNKNOWN`."""

    urn: str
    id: Any


class WireError(ValueError):
    """The engine sent a value that this provider said it does not accept."""


def decode_map(struct: Struct) -> tuple[dict[str, Plain], set[str]]:
    """The properties by name, nulls left out, and the names of those that hold a secret anywhere."""
    secrets: set[str] = set()
    properties: dict[str, Plain] = {}
    for name, value in struct.fields.items():
        found: list[bool] = []
        plain = _decode(value, found)
        if found:
            secrets.add(name)
        if plain is not None:
            properties[name] = plain
    return properties, secrets


def _decode(value: Value, secret: list[bool]) -> Plain:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in _UNKNOWNS else text
    if kind == "struct_value":
        return _decode_struct(value.struct_value, secret)
    if kind == "list_value":
        return [_decode(item, secret) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _decode_struct(struct: Struct, secret: list[bool]) -> Plain:
    fields = struct.fields
    if SIGNATURE not in fields:
        plain = {name: _decode(item, secret) for name, item in fields.items()}
        return {name: item for name, item in plain.items() if item is not None}
    mark = fields[SIGNATURE].string_value
    if mark == SECRET:
        secret.append(True)
        return _decode(fields["value"], secret)
    if mark == ASSET:
        return Asset(
            hash=fields["hash"].string_value if "hash" in fields else "",
            path=fields["path"].string_value if "path" in fields else "",
            text=fields["text"].string_value if "text" in fields else None,
            uri=fields["uri"].string_value if "uri" in fields else "",
        )
    if mark == RESOURCE:
        return Reference(fields["urn"].string_value, _decode(fields["id"], secret) if "id" in fields else UNKNOWN)
    names = {ARCHIVE: "an archive", OUTPUT: "an output value"}
    raise WireError(f"{names.get(mark, 'a value marked ' + mark)} is not supported by this provider")


def encode_map(properties: Mapping[str, Plain], secrets: Iterable[str] = ()) -> Struct:
    """The opposite of `decode_map`: properties named in `secrets` are marked as such."""
    struct = Struct()
    hidden = set(secrets)
    for name, plain in properties.items():
        if plain is None:
            continue
        value = _encode(plain)
        if name in hidden:
            marked = Struct(fields={SIGNATURE: Value(string_value=SECRET), "value": value})
            value = Value(struct_value=marked)
        struct.fields[name].CopyFrom(value)
    return struct


def _encode(plain: Plain) -> Value:
    if plain is UNKNOWN:
        return Value(string_value=UNKNOWN_STRING)
    match plain:
        case bool():
            value = Value(bool_value=plain)
        case str():
            value = Value(string_value=plain)
        case int() | float():
            value = Value(number_value=plain)
        case Mapping():
            value = Value(struct_value=encode_map(plain))
        case list() | tuple():
            value = Value(list_value=ListValue(values=[_encode(item) for item in plain]))
        case Asset():
            parts = {"path": plain.path or None, "text": plain.text, "uri": plain.uri or None}
            value = Value(struct_value=encode_map({SIGNATURE: ASSET, "hash": plain.hash, **parts}))
        case Reference():
            value = Value(struct_value=encode_map({SIGNATURE: RESOURCE, "urn": plain.urn, "id": plain.id}))
        case _:
            raise WireError(f"{type(plain).__name__} is not a property value")
    return value


def has_unknown(plain: Plain) -> bool:
    """Whether any part of the value is unknown."""
    if isinstance(plain, Mapping):
        return any(has_unknown(item) for item in plain.values())
    if isinstance(plain, (list, tuple)):
        return any(has_unknown(item) for item in plain)
    return plain is UNKNOWN
