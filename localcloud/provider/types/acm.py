"""aws:acm/certificate:Certificate, whose id is its ARN, and aws:acm/certificateValidation:CertificateValidation.

AWS facts: the records that prove the names are known when the certificate is requested; the domain name is one of the
alternative names too. A validation is nothing of AWS's: it waits until the certificate is issued.
"""

from collections.abc import Mapping
from typing import Any, Final

from localcloud.provider.errors import ProviderError, describe
from localcloud.provider.plan import FLAGS, REFUSED, Faults, Plan
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"ResourceNotFoundException"})
_ISSUE_SECONDS: Final = 10.0
"""pulumi-aws waits 75 minutes; the local cloud issues as soon as DNS has the records."""


def _domain_is_a_name(plan: Plan) -> Faults:
    """The domain name is one of the alternative names too."""
    names, domain = plan.new.get("subject_alternative_names"), plan.new.get("domain_name")
    if isinstance(names, list) and domain not in (None, UNKNOWN) and domain not in names:
        plan.new["subject_alternative_names"] = [*names, domain]
    return []


class Certificate(Resource):
    """A public certificate, proven by DNS."""

    tf = "aws_acm_certificate"
    pulumi = "aws:acm/certificate:Certificate"
    handles = frozenset({"domain_name", "key_algorithm", "options", "subject_alternative_names", "validation_method"})
    plan_rules = (
        ("validation_method DNS and domain_name/SANs change", FLAGS),
        ("domain_name is added to subject_alternative_names", _domain_is_a_name),
        ("early_renewal_duration changed", REFUSED),
    )

    def create(self, op: Operation) -> str:
        request: dict[str, Any] = {"DomainName": op.new["domain_name"]}
        if op.new.get("validation_method"):
            request["ValidationMethod"] = op.new["validation_method"]
        others = [name for name in op.new.get("subject_alternative_names") or [] if name != op.new["domain_name"]]
        if others:
            request["SubjectAlternativeNames"] = others
        if op.new.get("key_algorithm"):
            request["KeyAlgorithm"] = op.new["key_algorithm"]
        if op.new.get("options"):
            request["Options"] = _options(op.new["options"])
        if op.new["tags_all"]:
            request["Tags"] = as_list(op.new["tags_all"])
        return str(op.client("acm").request_certificate(**request)["CertificateArn"])

    def read(self, op: Operation) -> State | None:
        acm, arn = op.client("acm"), op.resource_id
        answer = optional(lambda: acm.describe_certificate(CertificateArn=arn), _GONE)
        if answer is None:
            return None
        found = answer["Certificate"]
        validations = found["DomainValidationOptions"]
        options = found["Options"]
        return {
            "arn": arn,
            "domain_name": found["DomainName"],
            "subject_alternative_names": found["SubjectAlternativeNames"],
            "key_algorithm": found["KeyAlgorithm"],
            "validation_method": validations[0]["ValidationMethod"],
            "options": {
                "certificate_transparency_logging_preference": options["CertificateTransparencyLoggingPreference"],
                "export": options["Export"],
            },
            "domain_validation_options": [_proof(one) for one in validations],
            "status": found["Status"],
            "type": found["Type"],
            "renewal_eligibility": found["RenewalEligibility"],
            "tags_all": as_map(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]),
        }

    def update(self, op: Operation) -> None:
        acm, arn = op.client("acm"), op.resource_id
        if "options" in op.changed:
            acm.update_certificate_options(CertificateArn=arn, Options=_options(op.new["options"]))
        op.retag(
            lambda keys: acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": key} for key in keys]),
            lambda tags: acm.add_tags_to_certificate(CertificateArn=arn, Tags=as_list(tags)),
        )

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("acm").delete_certificate(CertificateArn=op.resource_id), _GONE)


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "certificate_transparency_logging_preference": "CertificateTransparencyLoggingPreference",
        "export": "Export",
    }
    return {api: options[name] for name, api in names.items() if options.get(name)}


def _proof(validation: Mapping[str, Any]) -> State:
    record = validation["ResourceRecord"]
    return {
        "domain_name": validation["DomainName"],
        "resource_record_name": record["Name"],
        "resource_record_type": record["Type"],
        "resource_record_value": record["Value"],
    }


class CertificateValidation(Resource):
    """The wait until a certificate is issued. Its id is when that was."""

    tf = "aws_acm_certificate_validation"
    pulumi = "aws:acm/certificateValidation:CertificateValidation"
    handles = frozenset({"certificate_arn", "validation_record_fqdns"})

    def create(self, op: Operation) -> str:
        acm, arn = op.client("acm"), op.new["certificate_arn"]
        given = {name.rstrip(".") for name in op.new.get("validation_record_fqdns") or []}
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        needed = {one["ResourceRecord"]["Name"].rstrip(".") for one in found["DomainValidationOptions"]}
        if given and needed - given:
            raise ProviderError(f"missing validation record FQDNs: {', '.join(sorted(needed - given))}")
        return str(op.retry(lambda: _issued(acm, arn), _pending, _ISSUE_SECONDS)["IssuedAt"])

    def read(self, op: Operation) -> State | None:
        arn = op.old.get("certificate_arn")
        if not arn:
            raise ProviderError("aws:acm/certificateValidation:CertificateValidation cannot be imported")
        answer = optional(lambda: op.client("acm").describe_certificate(CertificateArn=arn), _GONE)
        if answer is None or answer["Certificate"]["Status"] != "ISSUED":
            return None
        return {"certificate_arn": arn, "validation_record_fqdns": op.old.get("validation_record_fqdns")}

    def update(self, op: Operation) -> None:
        """Every input replaces."""

    def delete(self, op: Operation) -> None:
        """There is nothing in AWS to delete."""


def _issued(acm: Any, arn: str) -> Any:
    """Asks ACM to wait by its own error, so that the session's retry serves here too."""
    from botocore.exceptions import ClientError

    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    if found["Status"] != "ISSUED":
        error: Any = {"Error": {"Code": "PendingValidation", "Message": f"{arn} is {found['Status']}"}}
        raise ClientError(error, "DescribeCertificate")
    return found


def _pending(error: Exception) -> bool:
    return "PendingValidation" in describe(error)
