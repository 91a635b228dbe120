"""AWS Budgets: budgets of costs with their notifications and subscribers. Nothing of moto's.

Sources: the API reference, the service authorization reference. AWS facts: budgets are an account's, not a region's;
each call names the account, and no policy lets another one in; all reading is one permission, and all writing but of
tags. What differs from AWS: nothing is spent here, so no notification is ever sent.
"""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

_ACCOUNT = "arn:aws:budgets::{account}:budget/"
_ACTIONS = {
    "ViewBudget": """DescribeBudget DescribeBudgets DescribeNotificationsForBudget
        DescribeSubscribersForNotification""",
    "ModifyBudget": "CreateBudget CreateNotification DeleteBudget DeleteNotification UpdateBudget",
}

SERVICE = Service(
    name="budgets",
    operations={
        (_ACCOUNT + "{Budget.BudgetName}",): "CreateBudget",
        (_ACCOUNT + "{NewBudget.BudgetName}",): "UpdateBudget",
        (_ACCOUNT + "{BudgetName}",): """CreateNotification DeleteBudget DeleteNotification DescribeBudget
            DescribeNotificationsForBudget DescribeSubscribersForNotification""",
        (_ACCOUNT + "*",): "DescribeBudgets",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
    },
    actions={operation: action for action, operations in _ACTIONS.items() for operation in operations.split()},
    account=store.account,
    tags_on_create={"CreateBudget": "TagResource"},
    resource=store.resource,
    inventory=store.inventory,
    reset=store.BUDGETS.clear,
    modules=("operations",),
)
