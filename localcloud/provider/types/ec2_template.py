"""aws:ec2/launchTemplate:LaunchTemplate. Its id is AWS's own, lt-….

AWS facts: what a template holds is never changed, a change makes a new version, and the default version stays where it
is until it is moved; user data is base64. pulumi-aws writes optional booleans as text ("true", "false").
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.api_names import from_api, to_api
from localcloud.provider.plan import FLAGS, RECOMPUTED, RELATION
from localcloud.provider.resource import Operation, State
from localcloud.provider.types.ec2_common import Ec2Resource, Found, first
from localcloud.provider.types.iam_common import name_of

_DATA: Final = {
    "block_device_mappings": "BlockDeviceMappings",
    "ebs_optimized": "EbsOptimized",
    "iam_instance_profile": "IamInstanceProfile",
    "image_id": "ImageId",
    "instance_type": "InstanceType",
    "key_name": "KeyName",
    "metadata_options": "MetadataOptions",
    "monitoring": "Monitoring",
    "tag_specifications": "TagSpecifications",
    "user_data": "UserData",
    "vpc_security_group_ids": "SecurityGroupIds",
}
_TEXT_FLAGS: Final = {"ebs_optimized", "delete_on_termination", "encrypted"}
"""Optional booleans that are text in a program."""


class LaunchTemplate(Ec2Resource):
    """What machines are made from."""

    tf = "aws_launch_template"
    pulumi = "aws:ec2/launchTemplate:LaunchTemplate"
    kind = "launch-template"
    handles = frozenset({"name", "name_prefix", "description", "default_version", *_DATA})
    steers: ClassVar = {"update_default_version": None}
    recomputed = frozenset({"latest_version"})
    plan_rules = (
        ("any change outside name", RECOMPUTED),
        ("name, name_prefix", FLAGS),
        ("default_version conflicts", RELATION),
    )

    def make(self, op: Operation) -> str:
        op.new.get("default_version")  # the first version is the default one anyhow
        made = op.client("ec2").create_launch_template(
            LaunchTemplateName=name_of(op.new), **self._version(op), **self.tags(op)
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def find(self, op: Operation) -> Found | None:
        asked = {"LaunchTemplateIds": [op.resource_id]}
        return first(op.client("ec2").describe_launch_templates(**asked)["LaunchTemplates"])

    def attributes(self, op: Operation, found: Found) -> State:
        asked = {"LaunchTemplateId": op.resource_id, "Versions": ["$Latest"]}
        latest = op.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"][0]
        data = latest["LaunchTemplateData"]
        return {
            "arn": self.arn(op),
            "name": found["LaunchTemplateName"],
            "description": latest.get("VersionDescription", ""),
            "default_version": found["DefaultVersionNumber"],
            "latest_version": found["LatestVersionNumber"],
            **{name: _from_data(name, data[api]) for name, api in _DATA.items() if api in data},
        }

    def change(self, op: Operation) -> None:
        ec2, target, latest = op.client("ec2"), {"LaunchTemplateId": op.resource_id}, None
        if op.changed & {*_DATA, "description"}:
            made = ec2.create_launch_template_version(**target, **self._version(op))
            latest = made["LaunchTemplateVersion"]["VersionNumber"]
        wanted = op.new.get("default_version") if "default_version" in op.changed else None
        if op.new.get("update_default_version"):
            wanted = latest or op.old.get("latest_version")
        if wanted:
            ec2.modify_launch_template(**target, DefaultVersion=str(wanted))

    def remove(self, op: Operation) -> None:
        op.client("ec2").delete_launch_template(LaunchTemplateId=op.resource_id)

    def _version(self, op: Operation) -> Found:
        values = {name: op.new.get(name) for name in _DATA}
        data = {_DATA[name]: _to_data(name, value) for name, value in values.items() if value not in (None, "", [])}
        data.setdefault("UserData", "")  # AWS refuses a template that says nothing at all
        description = op.new.get("description")
        return {"LaunchTemplateData": data, **({"VersionDescription": description} if description else {})}


def _to_data(name: str, value: Any) -> Any:
    if name == "tag_specifications":
        return [
            {
                "ResourceType": item["resource_type"],
                "Tags": [{"Key": key, "Value": text} for key, text in sorted((item.get("tags") or {}).items())],
            }
            for item in value
        ]
    return to_api(_flags(name, value, lambda text: text == "true" if text else None), {})


def _from_data(name: str, value: Any) -> Any:
    if name == "tag_specifications":
        return [
            {"resource_type": item["ResourceType"], "tags": {tag["Key"]: tag["Value"] for tag in item["Tags"]}}
            for item in value
        ]
    return _flags(name, from_api(value, {}), lambda flag: "true" if flag else "false")


def _flags(name: str, value: Any, turn: Callable[[Any], Any]) -> Any:
    """The value with its text flags turned, at every depth."""
    if name in _TEXT_FLAGS:
        return None if value is None else turn(value)
    if isinstance(value, Mapping):
        return {key: _flags(key, item, turn) for key, item in value.items()}
    return [_flags(name, item, turn) for item in value] if isinstance(value, list) else value
