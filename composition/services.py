"""Services and sites of an account's environments, from their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import pulumi

from components import names, pods
from components.balancer import Balancer, BalancerArgs
from components.cdn.contents import ANY_DISTRIBUTION
from components.cdn.site import SiteCdn, SiteCdnArgs
from components.cluster import Cluster
from components.database import PORT as DATABASE_PORT
from components.namespace import Namespace
from components.network import ANYWHERE, Network
from components.service import PROGRESS_SECONDS, WebService
from components.service_args import SecretArgs, Way, WebServiceArgs
from components.storage import DataBucket
from composition.cdn import external_records
from composition.network import private_networks
from settings import Environment, Portal, cdn_audience
from settings.service import Api, Frontend, Resources, Site

API_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
API_PROBE: Final = "/graphql"
FRONTEND_PROBE: Final = "/healthz"
API_STOP_SECONDS: Final = 120
"""How long the API lets its queries end."""
FRONTEND_STOP_SECONDS: Final = 30
DATABASE_VALUES: Final = {
    "PLATFORMICS_DATABASE_HOST": "host",
    "PLATFORMICS_DATABASE_PORT": "port",
    "PLATFORMICS_DATABASE_USER": "user",
    "PLATFORMICS_DATABASE_PASSWORD": "password",
    "PLATFORMICS_DATABASE_NAME": "name",
}
"""The API's variables, and the members of the database's secret that are their values."""
_Routes = tuple[pulumi.Output[list[pulumi.Resource]], Callable[[pulumi.Output[list[pulumi.Resource]]], None]]
"""The load balancer's rules, and what tells them to those who need them earlier."""
NOT_THE_INTERNET: Final = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all services of an account are made with."""

    cluster: Cluster
    network: Network
    boundary: pulumi.Input[str]
    logs: DataBucket
    data_urls: Mapping[str, pulumi.Output[str]]
    """Of the account's data CDNs, by bucket key."""
    provider: pulumi.ProviderResource


def sites(
    portal: Portal,
    shared: Shared,
    spaces: Mapping[str, Namespace],
    databases: Mapping[str, pulumi.Resource],
    last: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Makes each environment's services and what is before them; what is put out of each site.

    ``databases``: by environment; pods that read one come after it. ``last``: what was put out of the sites.
    """
    outputs: dict[str, dict[str, Any]] = {}
    for name, site in portal.current.sites.items():
        environment, opts = portal.current.environments[name], pulumi.ResourceOptions(provider=shared.provider)
        balancer = Balancer(name, _balancer(name, site, shared), opts)
        routes, with_routes = cast("_Routes", pulumi.deferred_output())  # pods are made with the site's URL
        cdn = SiteCdn(f"{name}-site", replace(_cdn(portal, name, site, balancer, shared), routes=routes), opts)
        common = _common(portal, shared, spaces[name], balancer)
        # The engine gives numbers back as floats.
        ports_before = {key: int(port) for key, port in last.get(name, {}).get("ports", {}).items()}
        made: list[WebService] = []
        if environment.api:
            after = pulumi.ResourceOptions(provider=shared.provider, depends_on=[databases[name]])
            api = _api(portal, name, environment, environment.api, common)
            made.append(WebService(f"{name}-api", replace(api, port_before=ports_before.get("api")), after))
        if environment.frontend:
            frontend = _frontend(portal, name, environment.frontend, cdn, common)
            made.append(
                WebService(f"{name}-frontend", replace(frontend, port_before=ports_before.get("frontend")), opts)
            )
        with_routes(pulumi.Output.from_input([route for service in made for route in service.routes]))
        outputs[name] = {
            "url": cdn.url,
            "domain": cdn.domain,
            "distribution": cdn.distribution_id,
            "external_records": external_records(site, cdn.domain),
            "readers": cdn_audience.outputs(site),
            "ports": {key: service.port for key, service in environment.services.items()},
        }
    return outputs


def warn_of_images(portal: Portal, last: Mapping[str, Any]) -> None:
    """Tells whoever brings an environment's services up for the first time which other stack has their images.
    ``last``: what was put out of the sites."""
    for name in sorted(portal.current.sites.keys() - last.keys()):
        environment = portal.current.environments[name]
        images = [one.image for one in (environment.api, environment.frontend) if one]
        holders = sorted({one.stack for one in images if one.stack not in (None, portal.stack)})
        for holder in holders:
            paths = ", ".join(portal.image(one).partition("/")[2] for one in images if one.stack == holder)
            pulumi.log.warn(
                f"{name}: pods start once their images are in the repositories of the stack {holder} ({paths}), which "
                f"its `up` makes; this `up` waits for them, and fails after {PROGRESS_SECONDS // 60} minutes without"
            )


def _balancer(name: str, site: Site, shared: Shared) -> BalancerArgs:
    return BalancerArgs(
        environment=name,
        vpc_id=shared.network.vpc_id,
        subnet_ids=shared.network.private_subnet_ids,
        hosts=site.hosts,
        zone_id=site.zone_id,
        certificate_arn=site.balancer_certificate_arn,
    )


def _cdn(portal: Portal, name: str, site: Site, balancer: Balancer, shared: Shared) -> SiteCdnArgs:
    environment = portal.current.environments[name]
    return SiteCdnArgs(
        environment=name,
        balancer=balancer,
        logs=shared.logs,
        data_origins=tuple(data_origins(portal, environment, shared.data_urls)),
        **site.model_dump(exclude={"balancer_certificate_arn", "external_dns", "open_contents_to"}),
    )


def data_origins(
    portal: Portal, environment: Environment, urls: Mapping[str, pulumi.Output[str]]
) -> Iterator[pulumi.Input[str]]:
    """Where pages read the data that the environment's database describes. Another stack's distribution without hosts
    has a name that is not known here."""
    ref = environment.import_from
    if ref is None:
        return
    if ref.stack in (None, portal.stack):
        if ref.bucket in urls:
            yield urls[ref.bucket]
        return
    cdn = portal.stacks[ref.stack].data_cdn.get(ref.bucket)
    if cdn:
        yield from [f"https://{host}" for host in cdn.hosts] or [ANY_DISTRIBUTION]


def _common(portal: Portal, shared: Shared, space: Namespace, balancer: Balancer) -> dict[str, Any]:
    account = portal.current.account
    return {
        "account": account.id,
        "region": account.region,
        "boundary": shared.boundary,
        "cluster": shared.cluster,
        "namespace": space,
        "balancer": balancer,
        "vpc_id": shared.network.vpc_id,
        "networks": private_networks(portal),
    }


def _api(portal: Portal, name: str, environment: Environment, api: Api, common: Mapping[str, Any]) -> WebServiceArgs:
    assert environment.database is not None  # noqa: S101 - the settings' checks have seen to it
    image = portal.image(api.image)
    variables = {"AWS_REGION": portal.current.account.region, **api.variables}

    def container(
        name: str, command: tuple[str, ...], size: Resources, *, secrets: bool, **more: str
    ) -> pods.ContainerArgs:
        return pods.ContainerArgs(
            name=name,
            image=image,
            command=command,
            resources=size.args,
            variables=variables | more,
            secrets=secrets,
        )

    return WebServiceArgs(
        service="api",
        paths=("/graphql*",),
        methods=API_METHODS,
        priority=10,
        port=api.port,
        main=container("api", api.command, api.resources, secrets=True, PORT=str(api.port)),
        migration=container("migration", api.migration.command, api.migration.resources, secrets=True)
        if api.migration
        else None,
        migration_minutes=api.migration.minutes if api.migration else 10,
        before=tuple(container(one.name, one.command, one.resources, secrets=one.secrets) for one in api.init),
        sidecars=tuple(
            pods.SidecarArgs(
                name=one.name, image=one.image, command=one.command, resources=one.resources.args, port=one.port
            )
            for one in api.sidecars
        ),
        scratch=tuple(
            pods.ScratchArgs(name=key, path=one.path, size_mib=one.size_mib) for key, one in api.scratch.items()
        ),
        probe=API_PROBE,
        secret=SecretArgs(
            name=names.database_secret(name), variables=DATABASE_VALUES, version=environment.database.password_version
        ),
        ways_out=(Way(port=DATABASE_PORT, networks=private_networks(portal)),),
        replicas=api.replicas,
        max_replicas=api.max_replicas,
        stop_seconds=API_STOP_SECONDS,
        **common,
    )


def _frontend(portal: Portal, name: str, frontend: Frontend, cdn: SiteCdn, common: Mapping[str, Any]) -> WebServiceArgs:
    variables = {
        "API_URL_V2": pulumi.Output.concat(cdn.url, "/graphql"),
        "ENV": name,
        "PORT": str(frontend.port),
        **frontend.variables,
    }
    return WebServiceArgs(
        service="frontend",
        paths=("/*",),
        priority=100,
        port=frontend.port,
        main=pods.ContainerArgs(
            name="frontend",
            image=portal.image(frontend.image),
            command=frontend.command,
            resources=frontend.resources.args,
            variables=variables,
        ),
        probe=FRONTEND_PROBE,
        # The site's own API too is asked over the internet, by its one URL.
        ways_out=(Way(port=443, networks=(ANYWHERE,), outside=NOT_THE_INTERNET),),
        replicas=frontend.replicas,
        max_replicas=frontend.max_replicas,
        stop_seconds=FRONTEND_STOP_SECONDS,
        **common,
    )
