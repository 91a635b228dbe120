"""What answers as an environment's database, in the words of RDS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def engines(databases: Mapping[str, Mapping[str, Any]], rds: Any) -> dict[str, str]:
    """RDS's description of each database's version, by environment; ``databases`` is a stack's output of that name.
    Raises ClientError where AWS refuses."""
    descriptions: dict[str, str] = {}
    for environment, one in databases.items():
        asked = {"Engine": "aurora-postgresql", "EngineVersion": one["engine_version"], "IncludeAll": True}
        versions = rds.describe_db_engine_versions(**asked)["DBEngineVersions"]
        descriptions[environment] = (
            versions[0]["DBEngineVersionDescription"] if versions else "a version that RDS has no more"
        )
    return descriptions
