"""Lines over TCP: each line that comes in is answered with one line."""

import socket
import socketserver
import threading
from collections.abc import Callable

LONGEST_LINE_BYTES = 64 << 10
ACCEPT_POLL_S = 0.05


class LineServer:
    """Serves on a port from start() to stop(); stop() ends open sessions too."""

    def __init__(self, port: int, answer: Callable[[bytes], bytes]) -> None:
        self._port = port
        self._answer = answer
        self._server: _Server | None = None

    def start(self) -> None:
        self._server = _Server(("", self._port), self._answer)
        threading.Thread(target=self._server.serve_forever, args=(ACCEPT_POLL_S,), daemon=True).start()

    def stop(self) -> None:
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server.end_sessions()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self.sessions: set[socket.socket] = set()
        super().__init__(address, _Session)

    def end_sessions(self) -> None:
        for session in list(self.sessions):
            try:
                session.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client left first


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        self.server.sessions.add(self.connection)
        try:
            while line := self.rfile.readline(LONGEST_LINE_BYTES):
                self.wfile.write(self.server.answer(line.rstrip(b"\r\n")) + b"\n")
        except OSError:
            pass  # the client left in the middle of a line
        finally:
            self.server.sessions.discard(self.connection)
