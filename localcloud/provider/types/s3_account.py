"""aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock: one an account, through the S3 Control API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from localcloud.provider.api_names import from_api, to_api
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.s3_common import ABSENT, optional


class AccountPublicAccessBlock(Resource):
    """The four switches of a whole account."""

    tf = "aws_s3_account_public_access_block"
    pulumi = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
    awaits_removal = True
    flags: ClassVar = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    handles = frozenset({"account_id", *flags})

    def create(self, op: Operation) -> str:
        account = str(op.new.get("account_id") or op.account_id)
        self._put(op, account, op.new)
        return account

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("s3control").get_public_access_block(AccountId=op.resource_id), ABSENT)
        if found is None:
            return None
        return {"account_id": op.resource_id, **from_api(found["PublicAccessBlockConfiguration"], {})}

    def update(self, op: Operation) -> None:
        self._put(op, op.resource_id, op.new)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("s3control").delete_public_access_block(AccountId=op.resource_id), ABSENT)

    def _put(self, op: Operation, account: str, new: Mapping[str, Any]) -> None:
        block = to_api({flag: new.get(flag, False) for flag in self.flags}, {})
        op.client("s3control").put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=block)
