"""The service's data folder on the host: a ledger that outlives every release, and one line per start."""

import json
import os
import time
from pathlib import Path

DEFAULT_FOLDER = "/data"


def folder() -> Path:
    return Path(os.environ.get("FLEET_DATA", DEFAULT_FOLDER))


def read_ledger() -> object:
    """What ledger.json holds; None where there is none."""
    path = folder() / "ledger.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def record_start(facts: dict[str, object]) -> None:
    """One more line in starts.jsonl. A missing folder is allowed (a smoke run has none); one we may not write is not."""
    if not folder().is_dir():
        print(f"{folder()} is not there: nothing will be kept", flush=True)
        return
    append("starts.jsonl", {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **facts})


def append(name: str, record: dict[str, object]) -> None:
    """One JSON line behind the others of a file in the data folder."""
    with (folder() / name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
