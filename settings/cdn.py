"""What a stack file says of data CDNs. Their rules beyond one value: ``settings.cdns``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components import rules
from components.cdn import distributions
from components.cdn.distributions import PriceClass
from settings.base import Model, Word, bounded, rule

Host = Annotated[str, rule(rules.host)]
RequestLimit = Annotated[int, bounded(distributions.REQUESTS_PER_5_MINUTES)]


class Hosts(Model):
    """Own host names of a distribution."""

    hosts: Annotated[tuple[Host, ...], Field(max_length=10)] = ()
    """Host names beside CloudFront's own, the main one first: by it data and pages are named."""
    zone_id: Annotated[str, rule(rules.zone_id)] | None = None
    """The hosts' Route 53 zone, if it is in this account; it is there already. With ``hosts``, and with them alone."""
    external_dns: bool = False
    """With ``hosts`` and without ``zone_id``: others make the hosts' records, which the stack's outputs name
    (``external_records``), and ``certificate_arn`` is needed."""
    certificate_arn: str | None = None
    """A certificate of ACM in us-east-1 that covers the hosts. Left out: one is made, and proved in the zone. Without
    ``hosts``, a name can be [taken over](how-to/host-names.md) from another distribution."""


class DataCdn(Hosts):
    """A bucket over HTTPS, by CloudFront. Web pages of the bucket's own ``cors.origins`` may read it."""

    price_class: PriceClass = "PriceClass_All"
    """From where it is served: ``_100`` is North America and Europe, ``_All`` the whole world, at each one's price."""
    data_seconds: Annotated[int, bounded(distributions.DATA_SECONDS)] = 86_400
    """How long CloudFront keeps an object that is no metadata; one written anew is seen by then."""
    metadata_seconds: Annotated[int, bounded(distributions.METADATA_SECONDS)] = 60
    """The same for metadata (``*.json``, zarr's ``.z…`` files, ``info``), and for the answer that a key is missing."""
    requests_per_5_minutes: RequestLimit | None = None
    """An address that asks more often is refused for a while. Left out: no limit."""
    addresses: Annotated[tuple[Annotated[str, rule(rules.addresses)], ...], Field(max_length=1_000)] = ()
    """Networks like ``192.0.2.0/24`` that may read, no others. For ``staging`` alone; left out: anybody."""
    public_keys: Annotated[dict[Word, Annotated[str, rule(rules.public_key)]], Field(max_length=5)] = Field(default={})
    """Only URLs signed with the private half of one of these keys (PEM) are served. For ``staging`` alone."""
    open_contents_to: tuple[str, ...] = ()
    """Who may read through the deployed CDN and could not before. Needed where a change of ``addresses`` or
    ``public_keys`` opens it, or it is new over a deployed bucket of kind ``staging``: ``anyone``, a network or a key's
    name. Then to be removed."""
