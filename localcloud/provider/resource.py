"""What a resource type provides: which inputs it carries out, and its API calls.

A type is a subclass of `Resource` that says its Terraform name, which inputs it `handles`, and how to create, read,
update and delete. Everything else (names, checks, defaults, diffs, tags, import) comes from its rules file. An input
that is in neither `handles` nor `steers` is refused; one that a type says it handles but whose value its code never
looked at is an error, so that none is dropped in silence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from localcloud.provider.autoname import Autoname
from localcloud.provider.config import Settings
from localcloud.provider.plan import Rule
from localcloud.provider.session import Session
from localcloud.provider.tags import tag_changes

T = TypeVar("T")
State = dict[str, Any]


class Inputs(Mapping[str, Any]):
    """Inputs by Terraform name that remember which were looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self._values[key]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values


@dataclass(frozen=True)
class Operation:
    """One operation on one resource: what is known of it, and access to AWS."""

    session: Session
    region: str
    resource_id: str = ""
    """Empty while it is being created."""
    old: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The last known state; empty for a creation and for the first reading of an import."""
    new: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The inputs to carry out; empty for reading and deleting."""
    changed: frozenset[str] = frozenset()
    """Names of the top-level inputs in which an update's `new` differs from `old`."""

    def client(self, service: str) -> Any:
        """The service's boto3 client in the resource's region."""
        return self.session.client(service, self.region)

    @property
    def settings(self) -> Settings:
        """The provider's settings."""
        return self.session.settings

    @property
    def account_id(self) -> str:
        """The account of the provider's credentials."""
        return self.session.account_id

    @property
    def partition(self) -> str:
        """`aws`, or another partition's name."""
        return self.settings.partition

    def retry(self, call: Callable[[], T], when: Callable[[Exception], bool], seconds: float) -> T:
        """See `Session.retry`."""
        return self.session.retry(call, when, seconds)

    def retag(self, untag: Callable[[list[str]], object], tag: Callable[[Mapping[str, str]], object]) -> None:
        """Brings changed tags to what the program says: ``untag`` takes the keys of those that go, ``tag`` the rest."""
        if "tags_all" in self.changed:
            gone, changed = tag_changes(self.old.get("tags_all") or {}, self.new["tags_all"])
            if gone:
                untag(gone)
            if changed:
                tag(changed)


class Resource:
    """One resource type. All values are by Terraform name; a block of at most one element is a dict."""

    tf: ClassVar[str]
    """Terraform's name of the type: that of its rules file."""
    pulumi: ClassVar[str]
    """Pulumi's token, by which the type is found: a literal on a line of its own."""
    handles: ClassVar[frozenset[str]]
    """Top-level inputs that create or update carry out. `tags` never: the code sends `tags_all`."""
    steers: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Inputs that AWS doesn't hold, only this provider acts on (`force_destroy`), with their value after an import."""
    refuses: ClassVar[frozenset[str]] = frozenset()
    """Dotted paths below a handled input that are not carried out."""
    recomputed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update may change: unknown in its preview."""
    plan_rules: ClassVar[tuple[Rule, ...]] = ()
    """What carries out each `custom_diff` sentence of the rules file: see `plan`."""
    awaits_removal: ClassVar[bool] = False
    """Whether a deletion ends once it is no longer read: the provider asks until then."""
    autoname: ClassVar[Autoname | None] = None
    """How a name is made up; None: as for any optional input called `name`."""

    def create(self, op: Operation) -> str:
        """Make the resource and return its id."""
        raise NotImplementedError

    def settle(self, op: Operation) -> None:
        """The calls after the one that made it; when one fails the resource is recorded as partly created."""

    def read(self, op: Operation) -> State | None:
        """Everything AWS holds of it; None when it is gone."""
        raise NotImplementedError

    def replaces(self, old: State, new: State) -> tuple[str, ...]:
        """Dotted paths of inputs that replace in this change, where that hangs together with other values."""
        del old, new
        return ()

    def known_by(self, import_id: str) -> str:
        """The id of what an import names so."""
        return import_id

    def imported(self, state: State) -> State:
        """The state as a program's inputs would spell it, for an import."""
        return state

    def update(self, op: Operation) -> None:
        """Carry out the changed top-level inputs in place. Types of which nothing is have no such method."""
        raise NotImplementedError

    def delete(self, op: Operation) -> None:
        """Remove it; one that is gone already is no error."""
        raise NotImplementedError
