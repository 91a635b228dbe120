"""aws:iam/openIdConnectProvider:OpenIdConnectProvider.

AWS facts: the URL is kept without https://; the thumbprint may be left out, AWS then finds it; client ids are added
and removed one by one.
"""

from typing import Any

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, retag
from localcloud.provider.types.s3_common import optional


class OpenIdConnectProvider(Resource):
    """An identity provider that roles may trust. Its id is its ARN."""

    tf = "aws_iam_openid_connect_provider"
    pulumi = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    handles = frozenset({"client_id_list", "thumbprint_list", "url"})

    def create(self, op: Operation) -> str:
        request: dict[str, Any] = {
            "Url": op.new["url"],
            "ClientIDList": op.new["client_id_list"],
            "Tags": as_list(op.new["tags_all"]),
        }
        if op.new.get("thumbprint_list"):
            request["ThumbprintList"] = op.new["thumbprint_list"]
        return str(op.client("iam").create_open_id_connect_provider(**request)["OpenIDConnectProviderArn"])

    def read(self, op: Operation) -> State | None:
        iam = op.client("iam")
        found = optional(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=op.resource_id), GONE)
        if found is None:
            return None
        return {
            "arn": op.resource_id,
            "url": found["Url"],
            "client_id_list": found["ClientIDList"],
            "thumbprint_list": found.get("ThumbprintList", []),
            "tags_all": as_map(found.get("Tags", [])),
        }

    def imported(self, state: State) -> State:
        return {**state, "url": f"https://{state['url']}"}

    def update(self, op: Operation) -> None:
        iam, target = op.client("iam"), {"OpenIDConnectProviderArn": op.resource_id}
        thumbprints = op.new.get("thumbprint_list")
        if "thumbprint_list" in op.changed and thumbprints:  # pulumi-aws makes no call to empty the list
            iam.update_open_id_connect_provider_thumbprint(**target, ThumbprintList=thumbprints)
        if "client_id_list" in op.changed:
            wanted, present = set(op.new["client_id_list"]), set(op.old["client_id_list"])
            for client in sorted(wanted - present):
                iam.add_client_id_to_open_id_connect_provider(**target, ClientID=client)
            for client in sorted(present - wanted):
                iam.remove_client_id_from_open_id_connect_provider(**target, ClientID=client)
        tag, untag = iam.tag_open_id_connect_provider, iam.untag_open_id_connect_provider
        retag(op, tag, untag, target)

    def delete(self, op: Operation) -> None:
        optional(
            lambda: op.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=op.resource_id), GONE
        )
