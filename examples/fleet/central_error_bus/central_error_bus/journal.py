"""The errors in the order they came, kept in a file of JSON lines where there is a data folder."""

import json
import threading
from collections import deque
from pathlib import Path

LATEST = 100


class Journal:
    """Numbers errors from 1 on, and goes on counting after a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path if path.parent.is_dir() else None
        self._lock = threading.Lock()
        kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._count = len(kept)
        self._latest = deque((json.loads(line) for line in kept[-LATEST:]), maxlen=LATEST)

    def add(self, error: dict[str, object]) -> dict[str, object]:
        """Keep an error; raises ValueError when it does not say its service and message."""
        service, message = error.get("service"), error.get("message")
        if not isinstance(service, str) or not isinstance(message, str):
            raise ValueError(f"expected service and message as strings, found {service!r} and {message!r}")
        with self._lock:
            record = {"number": self._count + 1, "service": service, "message": message}
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
            self._count += 1
            self._latest.append(record)
        return record

    def latest(self) -> list[dict[str, object]]:
        with self._lock:
            return list(self._latest)

    def count(self) -> int:
        return self._count
