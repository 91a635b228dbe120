"""The `aws` resource plugin for the Pulumi engine: the schema is data, a type's own code is its API calls.

`rules/*.json` say what pulumi-aws 7.51.1 accepts, fills in, refuses and replaces. `check.py` and `diff.py` apply
them to every type alike; `types/` holds the API calls, one class a type. Credentials, endpoint and certificates come
from the environment, as for any AWS client: nothing here knows whether it talks to AWS or to the local cloud.
"""

VERSION = "7.51.1"
"""The version of pulumi-aws whose rules these are, and the one the SDK asks the engine for."""
