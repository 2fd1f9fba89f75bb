"""Rounds through the containers: who fails several times in a row is restarted."""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from fleetbase.data import append, folder
from self_healing_supervisor.engine import Container, Engine, EngineError

OWN_SERVICE = "self_healing_supervisor"
PROBE_TIMEOUT_S = 1.0
ENDED = ("exited", "dead")


@dataclass(frozen=True)
class Settings:
    project: str
    interval_s: float
    failures: int
    ports: dict[str, int]


def read_settings(path: Path) -> Settings:
    """The settings in a file; without one it watches nothing."""
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Settings(
        project=said.get("project", "fleet"),
        interval_s=float(said.get("interval_s", 2)),
        failures=int(said.get("failures", 3)),
        ports=dict(said.get("ports", {})),
    )


class Rounds:
    """Runs from start() until the event is set."""

    def __init__(self, engine: Engine, settings: Settings, stopping: threading.Event) -> None:
        self.healings: list[dict[str, str]] = []
        self._engine = engine
        self._settings = settings
        self._stopping = stopping
        self._failures: dict[str, int] = {}
        self._reached = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def reach_the_engine(self) -> bool:
        return self._thread.is_alive() and self._reached

    def _run(self) -> None:
        while True:
            try:
                self._round(self._engine.containers(self._settings.project))
                self._reached = True
            except EngineError as error:
                self._reached = False
                print(error, flush=True)
            if self._stopping.wait(self._settings.interval_s):
                return

    def _round(self, containers: list[Container]) -> None:
        running = {container.service for container in containers if container.state == "running"}
        failures: dict[str, int] = {}
        for container in containers:
            trouble = None if container.service == OWN_SERVICE else self._trouble(container, running)
            if trouble is None:
                continue
            failures[container.id] = self._failures.get(container.id, 0) + 1
            if failures[container.id] >= self._settings.failures:
                self._heal(container, trouble)
                failures[container.id] = 0
        self._failures = failures

    def _trouble(self, container: Container, running: set[str]) -> str | None:
        port = self._settings.ports.get(container.service)
        if port is None:
            return None
        if container.state == "running":
            return None if is_well(f"http://{container.address}:{port}/health") else "unhealthy"
        if container.state not in ENDED or container.service in running:
            return None
        # Policy "no" is how an operator says that a container shall stay down.
        return None if self._engine.restart_policy(container.id) in ("", "no") else container.state

    def _heal(self, container: Container, trouble: str) -> None:
        if self._stopping.is_set():
            return
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        healing = {"at": at, "service": container.service, "container": container.name, "trouble": trouble}
        print(f"restarts {container.name}: {trouble}", flush=True)
        try:
            self._engine.restart(container.id)
        except EngineError as error:
            print(error, flush=True)
            return
        self.healings.append(healing)
        if folder().is_dir():
            append("healings.jsonl", dict(healing))


def is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_S) as answer:
            return json.load(answer) == {"status": "ok"}
    except (OSError, ValueError):
        return False
