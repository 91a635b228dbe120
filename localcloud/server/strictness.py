"""What no model knows is refused: an element, member, parameter, query key or header that would else vanish unread.

AWS itself passes over some of these in silence; a local cloud must not, or a setting that is misspelt, or that is
newer than these models, would seem to be in force. The codes are AWS's for a request it can't read: MalformedXML and
NotImplemented ("a header you provided implies functionality that is not implemented") of S3, UnknownParameter of EC2,
SerializationException of the JSON protocols (also for a value of another JSON type), ValidationError of the query ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError, XMLParser

from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.model import OperationModel

from .call import Refusal

FORM_KEYS = frozenset({"Action", "Version"})
S3_TRANSPORT_HEADERS = frozenset(
    f"x-amz-{name}"
    for name in (
        "content-sha256",
        "date",
        "security-token",
        "decoded-content-length",
        "trailer",
        "sdk-checksum-algorithm",
        "checksum-crc32",
        "checksum-crc32c",
        "checksum-crc64nvme",
        "checksum-sha1",
        "checksum-sha256",
        "user-agent",
    )
)
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "short": (int,),
    "byte": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}


class Message(Protocol):
    """What is looked at of a request; ``args`` are the query's keys without the signature's."""

    data: bytes

    @property
    def args(self) -> Iterable[str]: ...
    @property
    def headers(self) -> Any: ...


class TrackedForm(dict[str, str]):
    """A form that remembers which of its parameters were read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        if key in self:
            self.read.add(key)
        return super().get(key, default)

    def refuse_unread(self, operation: OperationModel) -> None:
        """Raises Refusal naming the parameters that the operation's model didn't ask for."""
        unread = sorted(set(self) - self.read - FORM_KEYS)
        if not unread:
            return
        if operation.service_model.protocol == "ec2":
            raise Refusal("UnknownParameter", f"The parameter {unread[0]} is not recognized")
        raise Refusal("ValidationError", f"{operation.name} does not take the parameter {', '.join(unread)}")


def check_rest_request(operation: OperationModel, message: Message) -> None:
    """The query keys and, for S3, the x-amz- headers of a REST request. Raises Refusal naming the unknown ones."""
    shape = operation.input_shape
    members = dict(shape.members) if isinstance(shape, StructureShape) else {}
    located: dict[str, set[str]] = {"querystring": set(), "header": set(), "headers": set()}
    any_key = False
    for name, member in members.items():
        location = member.serialization.get("location")
        if location in located:
            located[location].add(member.serialization.get("name", name).lower())
            any_key |= location == "querystring" and member.type_name == "map"
    literal = {key.lower() for key in operation.http_trait.query_args}
    unknown = [key for key in message.args if key.lower() not in located["querystring"] | literal | {"x-id"}]
    if unknown and not any_key:
        raise Refusal("NotImplemented", f"{operation.name} does not take the query key {', '.join(unknown)}.", 501)
    if operation.service_model.service_name == "s3":
        _check_s3_headers(operation, message, located["header"], tuple(located["headers"]))


def _check_s3_headers(operation: OperationModel, message: Message, known: set[str], prefixes: tuple[str, ...]) -> None:
    unknown = [
        name
        for name in (str(header).lower() for header, _ in message.headers)
        if name.startswith("x-amz-") and name not in known | S3_TRANSPORT_HEADERS and not name.startswith(prefixes)
    ]
    if unknown:
        text = "A header you provided implies functionality that is not implemented"
        raise Refusal("NotImplemented", f"{text}: {operation.name} does not take {', '.join(unknown)}.", 501)


def body_shape(operation: OperationModel) -> Shape | None:
    """The shape that the body of a REST request has; None for no body or an opaque one."""
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return None
    payload = shape.serialization.get("payload")
    if payload is None:
        return shape
    member: Shape = shape.members[payload]
    return member if isinstance(member, StructureShape | ListShape | MapShape) else None


def check_json(shape: Shape, value: object, path: str = "") -> None:
    """Raises Refusal SerializationException for a member that the shape lacks or a value of another JSON type."""
    if value is None or getattr(shape, "is_document_type", False):
        return
    allowed = JSON_TYPES.get(shape.type_name, (object,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise Refusal("SerializationException", f"{path or 'The request'} must be a {shape.type_name}, not {value!r}")
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {
            m.serialization.get("name", n): m for n, m in shape.members.items() if not m.serialization.get("location")
        }
        for name, item in value.items():
            if name not in names:
                raise Refusal("SerializationException", f"{path or 'The request'} has no member {name}")
            check_json(names[name], item, f"{path}.{name}".lstrip("."))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value):
            check_json(shape.member, item, f"{path}.{index + 1}")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for name, item in value.items():
            check_json(shape.value, item, f"{path}.{name}")


def check_xml(shape: Shape, body: bytes) -> None:
    """Raises Refusal MalformedXML for a body that isn't XML, another root, or an element that the shape lacks."""
    parser = XMLParser()  # noqa: S314  # expat resolves no external entities, and the caller is this machine
    try:
        parser.feed(body)
        root = parser.close()
    except ParseError as error:
        raise _malformed(str(error)) from error
    expected = shape.serialization.get("name", shape.name)
    if _tag(root) != expected:
        raise _malformed(f"the root element is {_tag(root)}, not {expected}")
    _check_element(shape, root)


def _malformed(detail: str) -> Refusal:
    text = "The XML you provided was not well-formed or did not validate against our published schema"
    return Refusal("MalformedXML", f"{text}: {detail}")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _check_element(shape: Shape, element: Element) -> None:
    if isinstance(shape, StructureShape):
        known = {_xml_name(name, member): member for name, member in shape.members.items()}
        for child in element:
            member = known.get(_tag(child))
            if member is None:
                raise _malformed(f"{_tag(element)} has no element {_tag(child)}")
            flat = isinstance(member, ListShape) and bool(member.serialization.get("flattened"))
            _check_element(member.member if flat and isinstance(member, ListShape) else member, child)
    elif isinstance(shape, ListShape):
        item = shape.member.serialization.get("name", "member")
        for child in element:
            if _tag(child) != item:
                raise _malformed(f"{_tag(element)} has no element {_tag(child)}")
            _check_element(shape.member, child)
    elif not isinstance(shape, MapShape) and len(element):
        raise _malformed(f"{_tag(element)} must be a {shape.type_name}")


def _xml_name(name: str, member: Shape) -> str:
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        inner = member.member.serialization.get("name")
        if inner is not None:
            return str(inner)
    return str(member.serialization.get("name", name))
