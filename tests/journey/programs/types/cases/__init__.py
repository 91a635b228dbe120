"""For each type in use: inputs, one change of them, and another that concerns what identifies the resource.

The rules of the provider say what each change leads to; the words "update" and "replace" are only what was aimed at.
"""

from .database import DATABASE
from .delivery import DELIVERY
from .kind import ACCOUNT, REGION, Case, Change, Of
from .network import NETWORK
from .orchestration import ORCHESTRATION
from .storage import STORAGE

__all__ = ["ACCOUNT", "CASES", "REGION", "Case", "Change", "Of"]

CASES: dict[str, Case] = {**STORAGE, **NETWORK, **ORCHESTRATION, **DELIVERY, **DATABASE}
"""By module and class of the SDK."""
