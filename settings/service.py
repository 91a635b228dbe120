"""An environment's services and its site, as its stack file describes them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from components import containers, rules
from components.cdn.contents import DIRECTIVES, directive
from components.cdn.distributions import PriceClass
from settings.base import Model, Word, bounded, pattern, rule
from settings.cdn import Hosts, RequestLimit

Variable = Annotated[str, rule(rules.variable), pattern("^[A-Za-z_][A-Za-z0-9_]*$")]
Millis = Annotated[int, bounded(containers.CPU_MILLIS)]
Mib = Annotated[int, bounded(containers.MEMORY_MIB)]
Port = Annotated[int, bounded(containers.PORT)]
Pods = Annotated[int, bounded(containers.PODS)]
Path = Annotated[str, rule(rules.absolute_path), pattern("^/")]
Command = Annotated[tuple[str, ...], Field(max_length=100)]


class ServiceImage(Model):
    """A container image: a repository of the stack files, and which of its images."""

    key: Word
    """The repository's key under ``images``."""
    stack: str | None = None
    """The stack that has the repository; left out: this one."""
    tag: Annotated[str, rule(rules.image_tag)] | None = None
    """The image that has this tag; another tag is another release. Either this or ``digest``."""
    digest: Annotated[str, rule(rules.image_digest), pattern("^sha256:[0-9a-f]{64}$")] | None = None
    """Exactly this image, like ``sha256:…``."""


class Resources(Model):
    """What a container has for itself, and the most that it gets."""

    cpu_millis: Millis = 100
    """Thousandths of a vCPU that are kept free for it."""
    memory_mib: Mib = 128
    """MiB that are kept free for it."""
    cpu_limit_millis: Millis = 1_000
    """The most that it gets while others leave it."""
    memory_limit_mib: Mib = 1_024
    """A container that needs more is ended and started again."""

    @property
    def args(self) -> containers.ResourcesArgs:
        return containers.ResourcesArgs(
            cpu_millis=self.cpu_millis,
            memory_mib=self.memory_mib,
            cpu_limit_millis=self.cpu_limit_millis,
            memory_limit_mib=self.memory_limit_mib,
        )


class InitContainer(Model):
    """Runs to its end, in the service's image, before a pod's containers start."""

    name: Word
    """Other than its neighbours'."""
    command: Annotated[Command, Field(min_length=1)]
    """What it runs, word by word."""
    secrets: bool = False
    """Whether it has the database's values as environment variables."""
    resources: Resources = Resources()
    """Its own; a pod's are those of its containers together."""


class Migration(Model):
    """Runs once for each release, in the service's image and with the database's values as environment variables,
    before the release's first pod starts."""

    command: Annotated[Command, Field(min_length=1)] = ("alembic", "upgrade", "head")
    """What it runs, word by word."""
    minutes: Annotated[int, bounded(containers.MIGRATION_MINUTES)] = 10
    """How long all its tries may take, the pull of the image included. What is not done by then is ended."""
    resources: Resources = Resources()
    """Its own pod's."""


class Sidecar(Model):
    """Runs beside the service in each of its pods, which reaches it as ``localhost``."""

    name: Word
    """Other than its neighbours'."""
    image: Annotated[str, rule(rules.image)]
    """With its tag, its digest or both: with a digest it stays the same image."""
    command: Command = ()
    """Left out: the image's own."""
    port: Port
    """Takes connections as long as it is alive."""
    resources: Resources = Resources()
    """Its own; a pod's are those of its containers together."""


class Scratch(Model):
    """A folder that the containers of a pod share, and that is empty when the pod starts."""

    path: Path
    """Where the containers have it."""
    size_mib: Annotated[int, Field(ge=1, le=100_000)]
    """A pod that writes more is replaced."""


def _cerbos() -> Sidecar:
    size = Resources(memory_limit_mib=512)
    command = ("/cerbos", "server", "--config=/var/policies/cerbos/config.yaml")
    return Sidecar(name="cerbos", image="ghcr.io/cerbos/cerbos:0.29.0", command=command, port=3692, resources=size)


API_COMMAND: Final = ("/usr/local/bin/supervisord", "-c", "/app/etc/supervisord.conf")
"""Of the image of the portal's API: its CMD (there is no entry point), which starts nginx and gunicorn."""
BEFORE_API: Final = (
    InitContainer(
        name="policies",
        command=("cp", "-r", "./cerbos/", "/var/policies/"),
        resources=Resources(memory_limit_mib=256),
    ),
    InitContainer(name="keys", command=("etc/gen_keys.sh",), resources=Resources(memory_limit_mib=256)),
)
API_VARIABLES: Final = {
    "PYTHONPATH": ".",
    "CERBOS_URL": "http://localhost:3692",
    "DEFAULT_UPLOAD_BUCKET": "local-bucket",
    "DEFAULT_UPLOAD_PROTOCOL": "s3",
    "OUTPUT_S3_PREFIX": "platformics",
    "JWK_PUBLIC_KEY_FILE": "/var/keys/public_key.pem",
    "JWK_PRIVATE_KEY_FILE": "/var/keys/private_key.pem",
}
API_SCRATCH: Final = {
    "policies": Scratch(path="/var/policies", size_mib=50),
    "keys": Scratch(path="/var/keys", size_mib=10),
}


class Service(Model):
    """What every service has."""

    image: ServiceImage
    port: Port
    replicas: Pods = 2
    """Pods at least, in different zones. With one, requests are lost if its machine is."""
    max_replicas: Pods = 2
    """Pods at most: there are more while the CPU is busy."""
    variables: dict[Variable, str] = Field(default={})
    """Environment variables beside those that the program sets; nothing that is secret."""


class Api(Service):
    """The GraphQL API over the environment's database, which answers ``/graphql``."""

    command: Annotated[Command, Field(min_length=1)] = API_COMMAND
    """What starts it, once the database's values are environment variables. The default is the command of the image of
    the portal's API; an image of your own may have another."""
    port: Port = 9009
    """Where it listens; its variable PORT says so."""
    resources: Resources = Resources(cpu_millis=500, memory_mib=512, cpu_limit_millis=3_000, memory_limit_mib=3_072)
    init: Annotated[tuple[InitContainer, ...], Field(max_length=10)] = BEFORE_API
    """Run one after another before each pod starts; if one fails, the old pods serve on."""
    migration: Migration | None = Migration()
    """Brings the database's tables to the release, while pods of the release before serve: these must do with the new
    tables too. If it fails, they serve on. ``null``: there is nothing to migrate."""
    sidecars: Annotated[tuple[Sidecar, ...], Field(max_length=5)] = (_cerbos(),)
    scratch: dict[Word, Scratch] = Field(default=API_SCRATCH)
    """Folders that its containers share."""
    variables: dict[Variable, str] = Field(default=API_VARIABLES)
    """Environment variables, beside the database's values, AWS_REGION and PORT; nothing that is secret."""


class Frontend(Service):
    """The site's pages, which it makes by asking the API."""

    command: Command = ()
    """Left out: the image's own."""
    port: Port = 8080
    """Where it listens; its variable PORT says so."""
    resources: Resources = Resources(memory_mib=512, memory_limit_mib=4_096)


Directive = Annotated[str, rule(directive), Field(json_schema_extra={"enum": [*DIRECTIVES]})]


class Site(Hosts):
    """The environment's one URL: CloudFront before the frontend and the API."""

    price_class: PriceClass = "PriceClass_100"
    """From where it is served: ``_100`` is North America and Europe, ``_All`` the whole world, at each one's price."""
    balancer_certificate_arn: str | None = None
    """A certificate of ACM in the account's region that covers the hosts, for the load balancer, which speaks TLS if
    there are hosts. Left out: one is made, and proved in the zone."""
    requests_per_5_minutes: RequestLimit | None = None
    """An address that asks more often is refused for a while. Left out: no limit."""
    addresses: Annotated[tuple[Annotated[str, rule(rules.addresses)], ...], Field(max_length=1_000)] = ()
    """Networks like ``192.0.2.0/24`` that may ask, no others. Left out: anybody."""
    open_contents_to: tuple[str, ...] = ()
    """Who may ask the deployed site and could not before. Needed where a change of ``addresses`` opens it: ``anyone``
    or a network. Then to be removed."""
    managed_rules: bool = False
    """Whether AWS's own rules refuse known attacks first ([what they cost](components/site-cdn.md#what-it-costs))."""
    sources: dict[Directive, tuple[str, ...]] = Field(default={})
    """What pages may load beside the site itself and data, by directive of a Content-Security-Policy, such as
    ``script-src: ["https://plausible.io"]``."""
