"""The versions of Aurora PostgreSQL that can be created here, and what a cluster can be upgraded to.

Source: AWS's release calendars and *Upgrade targets*. AWS facts: an upgrade goes to a version that was released with or
after the one in use; majors may be skipped; minor versions are withdrawn, and then can't be created any more.
"""

from __future__ import annotations

from localcloud.server.call import Refusal

ENGINE = "aurora-postgresql"
RELEASES = {
    "14.22": "2026-04-06",
    "15.10": "2025-04-08",
    "15.15": "2025-12-18",
    "15.17": "2026-04-06",
    "16.8": "2025-04-08",
    "16.11": "2025-12-18",
    "16.13": "2026-04-06",
    "16.14": "2026-08-21",
    "17.5": "2025-06-30",
    "17.6": "2025-11-25",
    "17.7": "2025-12-18",
    "17.9": "2026-04-06",
    "17.10": "2026-08-21",
    "18.3": "2026-06-11",
    "18.4": "2026-08-21",
}
"""The day on which Aurora released a version."""
DEFAULT = "17.9"
FIRST_THAT_PAUSES = {14: 12, 15: 7, 16: 3}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def major(version: str) -> int:
    return numbers(version)[0]


def family(version: str) -> str:
    return f"{ENGINE}{major(version)}"


FAMILIES = frozenset(map(family, RELEASES))


def exact(wanted: str | None) -> str:
    """The version meant: a major alone is its newest one. Raises Refusal."""
    if wanted is None:
        return DEFAULT
    if wanted in RELEASES:
        return wanted
    of_major = [one for one in RELEASES if one.split(".")[0] == wanted]
    if not of_major:
        raise Refusal("InvalidParameterCombination", f"Cannot find version {wanted} for {ENGINE}")
    return max(of_major, key=numbers)


def targets(version: str) -> list[str]:
    later = [one for one in RELEASES if numbers(one) > numbers(version) and RELEASES[one] >= RELEASES[version]]
    return sorted(later, key=numbers)


def can_pause(version: str) -> bool:
    number, minor = numbers(version)
    return minor >= FIRST_THAT_PAUSES.get(number, 0)


def check_upgrade(old: str, new: str, *, major_allowed: bool) -> None:
    """Raises Refusal for a change of version that AWS does not make."""
    if new == old:
        return
    if new not in targets(old):
        raise Refusal("InvalidParameterCombination", f"Cannot upgrade {ENGINE} from {old} to {new}")
    if major(new) != major(old) and not major_allowed:
        text = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        raise Refusal("InvalidParameterCombination", text)
