"""Launch templates: what AWS refuses and moto takes.

AWS facts (EC2 API reference): a name is 3 to 128 of its characters and one template's; a template is named by its id
or its name; user data is base64 of at most 16 KiB; what a version holds never changes, and the default one stays.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.ec2.store import backend, invalid

NAME: Final = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
MOST_USER_DATA: Final = 16_384
KEPT: Final = ("$Latest", "$Default")
NAMED: Final = ("CreateLaunchTemplateVersion", "DeleteLaunchTemplate", "ModifyLaunchTemplate")


@HOOKS.before("ec2", "CreateLaunchTemplate")
def create(call: Call) -> None:
    name: str = call.params["LaunchTemplateName"]
    if not NAME.fullmatch(name):
        text = "Launch template names must be between 3 and 128 characters, of a-z, A-Z, 0-9, and ().-/_"
        raise Refusal("InvalidLaunchTemplateName.MalformedException", f"{text}: {name}")
    if name in backend(call).launch_template_name_to_ids:
        text = "Launch template name already in use."
        raise Refusal("InvalidLaunchTemplateName.AlreadyExistsException", text)
    _user_data(call.params["LaunchTemplateData"])


def _user_data(data: Params) -> None:
    text = data.get("UserData")
    if text is None:
        return
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise Refusal("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
    if size > MOST_USER_DATA:
        raise invalid("User data is limited to 16384 bytes")


def _template(call: Call) -> Any:
    """The template that a call names. Raises Refusal."""
    ec2 = backend(call)
    by_id, name = call.params.get("LaunchTemplateId"), call.params.get("LaunchTemplateName")
    if by_id and name:
        text = "Either launch template ID or launch template name is to be given, not both."
        raise Refusal("InvalidParameterCombination", text)
    if not by_id and not name:
        raise Refusal("MissingParameter", "The request must contain a launch template ID or a launch template name")
    launch_template = ec2.launch_templates.get(by_id or ec2.launch_template_name_to_ids.get(str(name), ""))
    if launch_template is None:
        kind = "Id" if by_id else "Name"
        text = f"The specified launch template, {by_id or name}, does not exist."
        raise Refusal(f"InvalidLaunchTemplate{kind}.{'NotFound' if by_id else 'NotFoundException'}", text)
    return launch_template


@HOOKS.after("ec2", "CreateLaunchTemplate")
def created(call: Call, output: Params) -> None:
    """moto counts the template's own tags among those of the machines made from it."""
    template: Any = backend(call).launch_templates[output["LaunchTemplate"]["LaunchTemplateId"]]
    asked: Params = call.params["LaunchTemplateData"]
    template.versions[0].data.pop("TagSpecifications", None)
    if "TagSpecifications" in asked:
        template.versions[0].data["TagSpecifications"] = asked["TagSpecifications"]


@HOOKS.after("ec2", "DescribeLaunchTemplates")
def described(call: Call, output: Params) -> None:
    """moto answers with the tags that a template was made with, whatever became of them."""
    known = backend(call).launch_templates
    for answer in output.get("LaunchTemplates", []):
        tags = known[answer["LaunchTemplateId"]].get_tags()
        answer["Tags"] = [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]


@HOOKS.before("ec2", *NAMED)
def named(call: Call) -> None:
    template = _template(call)
    if call.operation == "CreateLaunchTemplateVersion":
        _user_data(call.params["LaunchTemplateData"])
        if call.params.get("SourceVersion"):
            raise Refusal("NotImplemented", "a version made from another one is not implemented", 501)
    if call.operation == "ModifyLaunchTemplate":
        _known(template, call.params.get("DefaultVersion"))


def _known(template: Any, version: str | None) -> None:
    numbers = [str(one.number) for one in template.versions]
    if version is not None and version not in (*numbers, *KEPT):
        text = f"Could not find the specified version {version} for the launch template with ID {template.id}."
        raise Refusal("InvalidLaunchTemplateId.VersionNotFound", text)


@HOOKS.before("ec2", "DescribeLaunchTemplateVersions")
def describe_versions(call: Call) -> None:
    if call.params.get("LaunchTemplateId") or call.params.get("LaunchTemplateName"):
        template = _template(call)
        for version in call.params.get("Versions", []):
            _known(template, version)


@HOOKS.before("ec2", "DescribeLaunchTemplates")
def describe(call: Call) -> None:
    known = backend(call).launch_templates
    unknown = [one for one in call.params.get("LaunchTemplateIds", []) if one not in known]
    if unknown:
        text = f"The specified launch template, with template ID {unknown[0]}, does not exist."
        raise Refusal("InvalidLaunchTemplateId.NotFound", text)
