"""Which machine this is and which revision it runs, for /info."""

import os

PROFILE = os.environ.get("FLEET_PROFILE", "/etc/machine-profile.json")


def machine_facts(profile: dict[str, object]) -> dict[str, object]:
    """The facts every service shows; a profile without its machine's name is a ValueError."""
    if not isinstance(profile.get("machine"), str):
        raise ValueError(f"{PROFILE}: expected the machine's name under machine, found {profile.get('machine')!r}")
    return {
        "machine": profile["machine"],
        "profile": profile,
        "revision": os.environ.get("FLEET_REVISION", "unknown"),
    }
