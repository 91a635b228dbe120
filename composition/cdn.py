"""Data CDNs of an account, from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components.cdn.data import DataCdn, DataCdnArgs
from components.storage import DataBucket
from settings import Portal
from settings.cdn import Hosts

Admit = Callable[[pulumi.Output[str]], None]


def data_cdns(
    portal: Portal, buckets: Mapping[str, DataBucket], admit: Mapping[str, Admit], opts: pulumi.ResourceOptions
) -> dict[str, dict[str, Any]]:
    """Makes each CDN and tells its bucket's policy (``admit``, by bucket key) whom to let in. Answers what is put out:
    URL, CloudFront's own name, the distribution's id and the ids of its public keys."""
    logs = next(bucket for bucket in buckets.values() if bucket.kind == "log")
    outputs: dict[str, dict[str, Any]] = {}
    for key in portal.current.data_cdn:
        cdn = DataCdn(key, _args(portal, key, buckets[key], logs), opts)
        admit[key](cdn.arn)
        outputs[key] = {
            "url": cdn.url,
            "domain": cdn.domain,
            "distribution": cdn.distribution_id,
            "keys": cdn.key_ids,
            "external_records": external_records(portal.current.data_cdn[key], cdn.domain),
        }
    return outputs


def external_records(own: Hosts, domain: pulumi.Output[str]) -> dict[str, pulumi.Output[str]]:
    """By host, what the records that others make have to lead to, as A and AAAA alias or as CNAME."""
    return dict.fromkeys(own.hosts, domain) if own.external_dns else {}


def _args(portal: Portal, key: str, bucket: DataBucket, logs: DataBucket) -> DataCdnArgs:
    settings, cors = portal.current.data_cdn[key], portal.current.buckets[key].cors
    return DataCdnArgs(
        region=portal.current.account.region,
        bucket=bucket,
        logs=logs,
        cors_origins=cors.origins if cors else (),
        **settings.model_dump(exclude={"open_contents_to", "external_dns"}),
    )
