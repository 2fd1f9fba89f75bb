"""Asking services for their health again and again, and remembering how long they took."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path

import pulsemath

TIMEOUT_S = 1.0
REMEMBERED = 60


def read_targets(path: Path) -> tuple[float, dict[str, str]]:
    """Seconds between two rounds, and the health URL of each service. No file: nothing to watch."""
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return float(said.get("interval_s", 2)), dict(said.get("targets", {}))


class Watch:
    """Runs from start() until the event is set."""

    def __init__(self, targets: dict[str, str], interval_s: float, stopping: threading.Event) -> None:
        self._targets = targets
        self._interval_s = interval_s
        self._stopping = stopping
        self._status: dict[str, str] = {name: "not asked yet" for name in targets}
        self._times: dict[str, deque[float]] = {name: deque(maxlen=REMEMBERED) for name in targets}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def report(self) -> dict[str, dict[str, object]]:
        return {name: self._line(name) for name in sorted(self._targets)}

    def _line(self, name: str) -> dict[str, object]:
        times = list(self._times[name])
        slowest, usual = pulsemath.peak(times), pulsemath.rms(times)
        return {"status": self._status[name], "slowest_ms": round(slowest, 1), "rms_ms": round(usual, 1)}

    def _run(self) -> None:
        while True:
            for name, url in self._targets.items():
                self._ask(name, url)
            if self._stopping.wait(self._interval_s):
                return

    def _ask(self, name: str, url: str) -> None:
        began = time.monotonic()
        self._status[name] = ask(url)
        if self._status[name] == "ok":
            self._times[name].append((time.monotonic() - began) * 1000)


def ask(url: str) -> str:
    """ok, or what stands in the way."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        return f"answers {error.code}"
    except (OSError, ValueError) as error:
        return f"does not answer: {error}"
    return "ok" if body == {"status": "ok"} else f"answers {body}"
