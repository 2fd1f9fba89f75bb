"""Reading a machine profile: a JSON object that says what a machine has."""

import json


def read_profile(path):
    """The profile in a file; a profile that is not an object is an error."""
    with open(path, encoding="utf-8") as file:
        profile = json.load(file)
    if not isinstance(profile, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(profile).__name__}")
    return profile
