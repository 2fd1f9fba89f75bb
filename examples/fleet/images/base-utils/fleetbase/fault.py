"""Faults on demand: fault.json in a service's folder makes its next release fail the way real ones do.

    {"kind": "none"}
    {"kind": "exit"}                            leaves with 1 as soon as it starts
    {"kind": "never-ready"}                     runs, but never opens its port
    {"kind": "unhealthy"}                       /health answers 503 {"status": "error"}
    {"kind": "error-body"}                      /health answers 200 {"status": "error"}
    {"kind": "late-unhealthy", "after_s": 4}    healthy at first, then unhealthy

FLEET_FAULT in the environment overrides the kind.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

KINDS = ("none", "exit", "never-ready", "unhealthy", "error-body", "late-unhealthy")
DEFAULT_FILE = "/app/fault.json"
DEFAULT_AFTER_S = 4.0


@dataclass(frozen=True)
class Fault:
    kind: str
    after_s: float


def read_fault() -> Fault:
    """The fault this process shall have; raises ValueError for a kind nobody knows."""
    path = Path(os.environ.get("FLEET_FAULT_FILE", DEFAULT_FILE))
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kind = os.environ.get("FLEET_FAULT") or said.get("kind", "none")
    if kind not in KINDS:
        raise ValueError(f"{path}: expected kind to be one of {', '.join(KINDS)}, found {kind!r}")
    return Fault(kind, float(said.get("after_s", DEFAULT_AFTER_S)))
