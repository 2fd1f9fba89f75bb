"""A service: its routes over HTTP, /health, /info, and a stop that lets running requests end."""

import json
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fleetbase.data import read_ledger, record_start
from fleetbase.fault import read_fault

IDLE_CONNECTION_S = 75
LARGEST_BODY_BYTES = 1 << 20
STOP_WAIT_S = 0.5
ACCEPT_POLL_S = 0.05


@dataclass(frozen=True)
class Request:
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: object


Route = Callable[[Request], Answer]
Upgrade = Callable[[BaseHTTPRequestHandler], None]


class App:
    """One service. Routes are added first, then run() serves until SIGTERM."""

    def __init__(self, name: str, version: str, port: int) -> None:
        self.name = name
        self.version = version
        self.port = port
        self.stopping = threading.Event()
        self.info: Callable[[], dict[str, object]] = dict
        self.is_well: Callable[[], bool] = lambda: True
        self.on_start: list[Callable[[], None]] = []
        self.on_stop: list[Callable[[], None]] = []
        self._routes: dict[tuple[str, str], Route] = {("GET", "/health"): self._health, ("GET", "/info"): self._info}
        self._upgrades: dict[str, Upgrade] = {}
        self._fault = read_fault()
        self._started = time.monotonic()
        self._running = 0
        self._idle = threading.Condition()

    def route(self, method: str, path: str, handle: Route) -> None:
        self._routes[(method, path)] = handle

    def upgrade(self, path: str, handle: Upgrade) -> None:
        """Hand a connection over to another protocol, which then owns it until it returns."""
        self._upgrades[path] = handle

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then leave with 0; an open request gets STOP_WAIT_S to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        if self._fault.kind == "exit":
            sys.exit(f"{self.name}: fault.json says exit")
        record_start({"service": self.name, "version": self.version})
        if self._fault.kind == "never-ready":
            self.stopping.wait()
            return
        self._serve()

    def _serve(self) -> None:
        server = _Server(self)
        thread = threading.Thread(target=server.serve_forever, args=(ACCEPT_POLL_S,), daemon=True)
        for start in self.on_start:
            start()
        thread.start()
        print(f"{self.name} {self.version} listens on {self.port}", flush=True)
        self.stopping.wait()
        server.shutdown()
        server.server_close()
        for stop in self.on_stop:
            stop()
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, STOP_WAIT_S)
        print(f"{self.name} stopped", flush=True)

    def answer(self, method: str, path: str, request: Request) -> Answer:
        """The answer of a route; a bug in it is a 500 and a traceback in the log, never a broken connection."""
        handle = self._routes.get((method, path))
        if handle is None:
            known = any(route_path == path for _, route_path in self._routes)
            return Answer(405, {"error": "method not allowed"}) if known else Answer(404, {"error": "not found"})
        with self._idle:
            self._running += 1
        try:
            return handle(request)
        except ValueError as error:
            return Answer(400, {"error": str(error)})
        except Exception:
            traceback.print_exc()
            return Answer(500, {"error": "internal error"})
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def upgrade_of(self, path: str) -> Upgrade | None:
        return self._upgrades.get(path)

    def _health(self, _request: Request) -> Answer:
        kind = self._fault.kind
        late = kind == "late-unhealthy" and time.monotonic() - self._started >= self._fault.after_s
        if kind == "error-body":
            return Answer(200, {"status": "error"})
        if kind == "unhealthy" or late or not self.is_well():
            return Answer(503, {"status": "error"})
        return Answer(200, {"status": "ok"})

    def _info(self, _request: Request) -> Answer:
        return Answer(200, {"service": self.name, "version": self.version, "ledger": read_ledger(), **self.info()})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, app: App) -> None:
        self.app = app
        super().__init__(("", app.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_CONNECTION_S
    # Head and body leave in one write, and at once: two writes would wait for the client's delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        upgrade = self.server.app.upgrade_of(self._path())
        if upgrade is None:
            self._reply("GET")
            return
        self.close_connection = True
        upgrade(self)

    def do_POST(self) -> None:
        self._reply("POST")

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: probes would drown everything else."""

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _reply(self, method: str) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY_BYTES:
            self.close_connection = True
            self._send(Answer(413, {"error": f"expected a body of at most {LARGEST_BODY_BYTES} bytes"}))
            return
        request = Request({key.lower(): value for key, value in self.headers.items()}, self.rfile.read(int(length)))
        self._send(self.server.app.answer(method, self._path(), request))

    def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.server.app.stopping.is_set():
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def parse_json(body: bytes) -> dict[str, object]:
    """The JSON object of a request; raises ValueError otherwise."""
    parsed = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError(f"expected a JSON object, found {type(parsed).__name__}")
    return parsed
