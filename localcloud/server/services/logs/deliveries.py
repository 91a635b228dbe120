"""CloudWatch's deliveries of other services' logs: what AWS refuses and moto takes, and what moto lacks.

AWS facts: what CloudFront logs is delivered by way of us-east-1; a distribution has one source; whoever makes it needs
``cloudfront:AllowVendedLogDeliveryForResource`` too; what a delivery uses is not deleted; when a
delivery into a bucket without a prefix is made, ``AWSLogs/{account-id}/CloudFront/`` is put before its path, and not
when the path is changed (hashicorp/terraform-provider-aws#46328). Sources: the API references of PutDeliverySource,
CreateDelivery and UpdateDeliveryConfiguration, and CloudFront's "Configure standard logging (v2)".
"""

from __future__ import annotations

from typing import Final

from localcloud.server import registry, service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import store

SERVICE: Final = "logs"
PREFIX: Final = "AWSLogs/{account-id}/CloudFront/"
FIELDS: Final = frozenset(
    (
        "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
        "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
        "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
        "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
        "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
        "sc-range-end", "timestamp", "timestamp(ms)", "origin-fbl", "origin-lbl", "asn", "c-country",
        "cache-behavior-path-pattern",
    )
)  # fmt: skip
"""Of CloudFront's access logs."""


def _conflict(text: str) -> Refusal:
    return Refusal("ConflictException", text)


@HOOKS.before(SERVICE, "PutDeliverySource")
def put_source(call: Call) -> None:
    arn: str = call.params["resourceArn"]
    if arn.split(":")[2] != "cloudfront":
        raise Refusal("NotImplemented", "logs delivers for cloudfront alone here.", 501)
    if call.region != "us-east-1":
        raise Refusal("ValidationException", "CloudFront's logs are delivered by way of us-east-1.")
    if registry.resource(arn) is None:
        raise Refusal("ResourceNotFoundException", "The resource of the delivery source does not exist.")
    service_calls.require(call.caller, "cloudfront:AllowVendedLogDeliveryForResource", arn, call.region)
    for name, source in store.backend(call).delivery_sources.items():
        if arn in source.resource_arns and name != call.params["name"]:
            raise _conflict("This ResourceId has already been used in another Delivery Source in this account.")


@HOOKS.before(SERVICE, "PutDeliveryDestination")
def put_destination(call: Call) -> None:
    arn = call.params.get("deliveryDestinationConfiguration", {}).get("destinationResourceArn", "")
    if not arn.startswith("arn:aws:s3:::"):
        raise Refusal("NotImplemented", "logs delivers into S3 alone here.", 501)
    existing = store.backend(call).delivery_destinations.get(call.params["name"])
    if existing is not None and existing.output_format:
        call.params.setdefault("outputFormat", existing.output_format)


@HOOKS.before(SERVICE, "CreateDelivery")
def create(call: Call) -> None:
    _check(call)
    path = call.params.get("s3DeliveryConfiguration", {}).get("suffixPath")
    destination = call.params["deliveryDestinationArn"].rpartition(":")[2]
    target = store.backend(call).delivery_destinations.get(destination)
    bucket = target.delivery_destination_configuration["destinationResourceArn"] if target else ""
    if path and "/" not in bucket:
        call.params["s3DeliveryConfiguration"]["suffixPath"] = f"{PREFIX}{path.lstrip('/')}"


def _check(call: Call) -> None:
    unknown = [field for field in call.params.get("recordFields", []) if field not in FIELDS]
    if unknown:
        raise Refusal("ValidationException", f"Provided record fields are not valid: {', '.join(unknown)}.")


@HOOKS.instead(SERVICE, "UpdateDeliveryConfiguration")
def update(call: Call) -> Params:
    delivery = store.backend(call).deliveries.get(call.params["id"])
    if delivery is None:
        text = "Requested Delivery does not exist in this account."
        raise Refusal("ResourceNotFoundException", text)
    _check(call)
    delivery.record_fields = call.params.get("recordFields") or delivery.record_fields
    delivery.field_delimiter = call.params.get("fieldDelimiter", delivery.field_delimiter)
    delivery.s3_delivery_configuration = (
        call.params.get("s3DeliveryConfiguration") or delivery.s3_delivery_configuration
    )
    return {}


@HOOKS.before(SERVICE, "DeleteDeliverySource", "DeleteDeliveryDestination")
def delete(call: Call) -> None:
    backend, name = store.backend(call), call.params["name"]
    if call.operation == "DeleteDeliverySource":
        users = [one for one in backend.deliveries.values() if one.delivery_source_name == name]
    else:
        arn = f"arn:aws:logs:{call.region}:{call.account}:delivery-destination:{name}"
        users = [one for one in backend.deliveries.values() if one.delivery_destination_arn == arn]
    if users:
        raise _conflict("The resource is in use by a delivery. Delete the delivery first.")


@HOOKS.after(SERVICE, "GetDelivery", "GetDeliveryDestination", "GetDeliverySource")
def tags_of_now(call: Call, answer: Params) -> None:
    """The tags as they are, not as the creation gave them."""
    [described] = [answer[one] for one in ("delivery", "deliveryDestination", "deliverySource") if one in answer]
    described["tags"] = store.backend(call).list_tags_for_resource(described["arn"])
