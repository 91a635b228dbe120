"""ACM's operations on public certificates. Sources of the refusals: docs/refusals.md names the rows."""

from __future__ import annotations

import re
from typing import Final

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .store import CERTIFICATES, Certificate

SERVICE: Final = "acm"
_KEYS: Final = ("RSA_2048", "EC_prime256v1", "EC_secp384r1")
_LISTED_KEYS: Final = ("RSA_1024", "RSA_2048")
"""What a list has unless it is asked for other types of keys."""
_NAME: Final = re.compile(r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])")
_LONGEST_FIRST_NAME: Final = 64
_MOST_NAMES: Final = 10


def _of(call: Call) -> Certificate:
    certificate = CERTIFICATES.get(call.params["CertificateArn"])
    if certificate is None or certificate.region != call.region:
        text = f"Could not find certificate {call.params['CertificateArn']}."
        raise Refusal("ResourceNotFoundException", text)
    return certificate


@HOOKS.instead(SERVICE, "RequestCertificate")
def request(call: Call) -> Params:
    given = call.params
    names = [*dict.fromkeys([given["DomainName"], *given.get("SubjectAlternativeNames", [])])]
    _check(given, names)
    for other in CERTIFICATES.values():
        same = (other.account, other.region, other.names) == (call.account, call.region, names)
        if same and given.get("IdempotencyToken") and other.token == given["IdempotencyToken"]:
            return {"CertificateArn": other.arn}
    options = given.get("Options", {})
    certificate = Certificate(
        account=call.account,
        region=call.region,
        names=names,
        key_algorithm=given.get("KeyAlgorithm", "RSA_2048"),
        method=given.get("ValidationMethod", "EMAIL"),
        logging=options.get("CertificateTransparencyLoggingPreference", "ENABLED"),
        export=options.get("Export", "DISABLED"),
        token=given.get("IdempotencyToken", ""),
        tags={tag["Key"]: tag.get("Value", "") for tag in given.get("Tags", [])},
    )
    CERTIFICATES[certificate.arn] = certificate
    return {"CertificateArn": certificate.arn}


def _check(given: Params, names: list[str]) -> None:
    if given.get("CertificateAuthorityArn") or given.get("ManagedBy"):
        raise Refusal("NotImplemented", "acm private and managed certificates are not implemented here.", 501)
    if given.get("ValidationMethod", "EMAIL") != "DNS":
        raise Refusal("NotImplemented", "acm validates by DNS alone here.", 501)
    if given.get("KeyAlgorithm", "RSA_2048") not in _KEYS:
        text = f"The key algorithm of a public certificate is one of {', '.join(_KEYS)}."
        raise Refusal("ValidationException", text)
    if len(given["DomainName"]) > _LONGEST_FIRST_NAME:
        text = "The first domain name can be at most 64 characters."
        raise Refusal("InvalidDomainValidationOptionsException", text)
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong:
        raise Refusal("ValidationException", f"The domain name {wrong[0]} is not valid.")
    if len(names) > _MOST_NAMES:
        raise Refusal("LimitExceededException", f"A certificate has at most {_MOST_NAMES} names.")
    for option in given.get("DomainValidationOptions", []):
        name, domain = option["DomainName"], option["ValidationDomain"]
        if name not in names or not f".{name}".endswith(f".{domain}"):
            text = f"The validation domain {domain} is not {name} or a superdomain of it, or {name} is not requested."
            raise Refusal("InvalidDomainValidationOptionsException", text)


@HOOKS.instead(SERVICE, "DescribeCertificate")
def describe(call: Call) -> Params:
    one = _of(call)
    status = one.status
    dates = {"IssuedAt": one.issued, "NotBefore": one.issued, "NotAfter": one.expires} if one.issued else {}
    return {
        "Certificate": {
            "CertificateArn": one.arn,
            "DomainName": one.names[0],
            "SubjectAlternativeNames": one.names,
            "DomainValidationOptions": [_validation(one, name) for name in one.names],
            "Subject": f"CN={one.names[0]}",
            "Status": status,
            "Type": "AMAZON_ISSUED",
            "KeyAlgorithm": one.key_algorithm,
            "SignatureAlgorithm": "SHA256WITHRSA",
            "CreatedAt": one.requested,
            "InUseBy": registry.users(one.arn),
            "RenewalEligibility": "ELIGIBLE" if registry.users(one.arn) else "INELIGIBLE",
            "Options": {"CertificateTransparencyLoggingPreference": one.logging, "Export": one.export},
            **dates,
        }
    }


def _validation(one: Certificate, name: str) -> Params:
    record, value = one.proof(name)
    return {
        "DomainName": name,
        "ValidationDomain": name,
        "ValidationStatus": "SUCCESS" if one.issued or one.proven(name) else "PENDING_VALIDATION",
        "ResourceRecord": {"Name": record, "Type": "CNAME", "Value": value},
        "ValidationMethod": one.method,
    }


@HOOKS.instead(SERVICE, "DeleteCertificate")
def delete(call: Call) -> Params:
    one = _of(call)
    if used := registry.users(one.arn):
        text = f"Certificate {one.arn} in account {one.account} is in use by {', '.join(used)}."
        raise Refusal("ResourceInUseException", text)
    del CERTIFICATES[one.arn]
    return {}


@HOOKS.instead(SERVICE, "ListCertificates")
def list_all(call: Call) -> Params:
    certificates = [one for one in CERTIFICATES.values() if (one.account, one.region) == (call.account, call.region)]
    wanted = call.params.get("CertificateStatuses")
    key_types = call.params.get("Includes", {}).get("keyTypes") or _LISTED_KEYS
    return {
        "CertificateSummaryList": [
            {
                "CertificateArn": one.arn,
                "DomainName": one.names[0],
                "SubjectAlternativeNameSummaries": one.names,
                "Status": one.status,
                "Type": "AMAZON_ISSUED",
                "KeyAlgorithm": one.key_algorithm,
            }
            for one in certificates
            if one.key_algorithm in key_types and (not wanted or one.status in wanted)
        ]
    }


@HOOKS.instead(SERVICE, "UpdateCertificateOptions")
def change_options(call: Call) -> Params:
    one, options = _of(call), call.params["Options"]
    one.logging = options.get("CertificateTransparencyLoggingPreference", one.logging)
    one.export = options.get("Export", one.export)
    return {}


@HOOKS.instead(SERVICE, "AddTagsToCertificate", "RemoveTagsFromCertificate", "ListTagsForCertificate")
def tags_of(call: Call) -> Params:
    one = _of(call)
    given = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tags", [])}
    if call.operation == "AddTagsToCertificate":
        one.tags |= given
    elif call.operation == "RemoveTagsFromCertificate":
        for key in given:
            one.tags.pop(key, None)
    else:
        return {"Tags": [{"Key": key, "Value": value} for key, value in one.tags.items()]}
    return {}
