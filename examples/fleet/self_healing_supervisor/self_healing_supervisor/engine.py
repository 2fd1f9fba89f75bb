"""The few calls of the Docker Engine API the supervisor needs, over the engine's socket."""

import http.client
import json
import socket
import urllib.parse
from dataclasses import dataclass

TIMEOUT_S = 15.0
STOP_GRACE_S = 2


class EngineError(Exception):
    """The engine did not do what was asked, or could not be reached."""


@dataclass(frozen=True)
class Container:
    id: str
    name: str
    service: str
    state: str
    address: str


class Engine:
    def __init__(self, path: str) -> None:
        self._path = path

    def containers(self, project: str) -> list[Container]:
        """All containers of a compose project, ended ones too."""
        filters = json.dumps({"label": [f"com.docker.compose.project={project}"]})
        found = json.loads(self._ask("GET", "/containers/json?" + urllib.parse.urlencode({"all": 1, "filters": filters})))
        return [_container(entry) for entry in found]

    def restart_policy(self, container: str) -> str:
        inspected = json.loads(self._ask("GET", f"/containers/{container}/json"))
        return inspected["HostConfig"]["RestartPolicy"]["Name"]

    def restart(self, container: str) -> None:
        """Stop it if it runs, then start it."""
        self._ask("POST", f"/containers/{container}/restart?t={STOP_GRACE_S}")

    def _ask(self, method: str, path: str) -> bytes:
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"{self._path}: {method} {path}: {error}") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise EngineError(f"{self._path}: {method} {path}: {answer.status} {body.decode(errors='replace').strip()}")
        return body


def _container(entry: dict) -> Container:
    networks = entry["NetworkSettings"]["Networks"] or {}
    addresses = [network["IPAddress"] for network in networks.values() if network["IPAddress"]]
    return Container(
        id=entry["Id"],
        name=entry["Names"][0].removeprefix("/"),
        service=entry["Labels"].get("com.docker.compose.service", ""),
        state=entry["State"],
        address=addresses[0] if addresses else "",
    )


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
