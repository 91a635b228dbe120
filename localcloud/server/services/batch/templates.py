"""The launch template that a compute environment names: what AWS refuses about it, and what makes it INVALID.

Sources: the API reference of LaunchTemplateSpecification, and the user guide's *Invalid compute environment*.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Call, Params, Refusal

from .model import client_error

NOT_RUN = ("overrides", "userdataType")


def check(call: Call, template: Params) -> None:
    """Refuses a specification that AWS refuses at once."""
    by_id, by_name = template.get("launchTemplateId"), template.get("launchTemplateName")
    if bool(by_id) == bool(by_name):
        raise client_error(call, "Either launchTemplateId or launchTemplateName must be specified, but not both")
    version = template.get("version", "$Default")
    if version and version not in ("$Latest", "$Default") and not version.isdigit():
        raise client_error(call, f"Launch template version {version} is invalid")
    if template.get("userdataType") and not _data_of(call, template).get("ImageId"):
        raise client_error(call, "The userdataType attribute is only allowed when the launch template has an imageId")
    for name in NOT_RUN:
        if template.get(name):
            raise Refusal("NotImplemented", f"launchTemplate.{name} is not implemented here.", 501)


def has_groups(call: Call, template: Params | None) -> bool:
    """Whether the launch template brings security groups of its own."""
    data = _data_of(call, template) if template else {}
    interfaces: list[Params] = data.get("NetworkInterfaces", [])
    return bool(data.get("SecurityGroupIds")) or any(item.get("Groups") for item in interfaces)


def invalid_reason(account: str, region: str, template: Params | None) -> str:
    """Why an environment with this launch template turns INVALID, or the empty string."""
    if not template:
        return ""
    try:
        data: Any = _data(account, region, template).get("UserData") or b""
        encoded = data if isinstance(data, (bytes, str)) else data.as_bytes()
        text = base64.b64decode(encoded).decode("utf-8", "replace")
    except LookupError as missing:
        return f"CLIENT_ERROR - {missing.args[0]}"
    if text and not re.match(r"(?is)\s*(MIME-Version:|Content-Type:\s*multipart/)", text):
        return "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"
    return ""


def _data_of(call: Call, template: Params) -> Params:
    """What the launch template says, nothing if it isn't there: that is found out some moments later."""
    try:
        return _data(call.caller.account_id, call.region, template)
    except LookupError:
        return {}


def _data(account: str, region: str, template: Params) -> Params:
    """What the version of the launch template says. Raises LookupError with a sentence."""
    by_id, version = template.get("launchTemplateId"), template.get("version") or "$Default"
    wanted = by_id or template.get("launchTemplateName")
    asked = {"LaunchTemplateId" if by_id else "LaunchTemplateName": wanted, "Versions": [version]}
    batch = service_calls.service("batch.amazonaws.com", account)
    try:
        answer = service_calls.perform(batch, "ec2", "DescribeLaunchTemplateVersions", asked, region, by_itself=True)
    except Refusal as refusal:
        if refusal.code == "InvalidLaunchTemplateId.VersionNotFound":
            raise LookupError(f"Could not find the specified version {version} for the launch template") from None
        text = f"The specified launch template, with template ID or name {wanted}, does not exist."
        raise LookupError(text) from None
    data: Params = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return data
