"""The server's side of WebSocket (RFC 6455): handshake, messages, ping, close."""

import base64
import hashlib
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST_MESSAGE_BYTES = 1 << 20

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
CLOSE_NORMAL, CLOSE_GOING_AWAY, CLOSE_PROTOCOL_ERROR, CLOSE_TOO_BIG = 1000, 1001, 1002, 1009

Receive = Callable[[int, bytes], bytes]
"""Takes a message's opcode (TEXT or BINARY) and payload, gives the text to send back."""


class WebSockets:
    """All open sessions of one endpoint: handle() for each connection, close_all() when the service stops."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._open: set[_Session] = set()

    def handle(self, http: BaseHTTPRequestHandler) -> None:
        key = http.headers.get("Sec-WebSocket-Key", "")
        wanted = http.headers.get("Upgrade", "").lower() == "websocket"
        if not wanted or not key or http.headers.get("Sec-WebSocket-Version") != "13":
            http.send_response(426)
            http.send_header("Sec-WebSocket-Version", "13")
            http.send_header("Upgrade", "websocket")
            http.send_header("Connection", "Upgrade, close")
            http.send_header("Content-Length", "0")
            http.end_headers()
            return
        http.send_response(101)
        http.send_header("Upgrade", "websocket")
        http.send_header("Connection", "Upgrade")
        http.send_header("Sec-WebSocket-Accept", _accept(key))
        http.end_headers()
        http.wfile.flush()
        self._serve(_Session(http))

    def close_all(self) -> None:
        for session in list(self._open):
            _close(session, CLOSE_GOING_AWAY)

    def _serve(self, session: "_Session") -> None:
        self._open.add(session)
        try:
            while (message := session.receive()) is not None:
                session.send(TEXT, self._receive(*message))
        except _Violation as violation:
            _close(session, violation.code)
        except (OSError, EOFError):
            pass  # the client left without a close frame
        finally:
            self._open.discard(session)


def _close(session: "_Session", code: int) -> None:
    try:
        session.close(code)
    except OSError:
        pass  # the client left first


def _accept(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


class _Violation(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"close code {code}")
        self.code = code


class _Session:
    def __init__(self, http: BaseHTTPRequestHandler) -> None:
        http.connection.settimeout(None)
        self._http = http
        self._sending = threading.Lock()

    def receive(self) -> tuple[int, bytes] | None:
        """The next whole message; None once the session is closed. Answers pings on the way."""
        kind: int | None = None
        parts = b""
        while True:
            final, opcode, payload = self._frame()
            if opcode == CLOSE:
                self.close(CLOSE_NORMAL)
                return None
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode in (TEXT, BINARY, CONTINUATION):
                if (opcode == CONTINUATION) != (kind is not None):
                    raise _Violation(CLOSE_PROTOCOL_ERROR)
                kind = opcode if kind is None else kind
                parts += payload
                if len(parts) > LARGEST_MESSAGE_BYTES:
                    raise _Violation(CLOSE_TOO_BIG)
                if final:
                    return kind, parts
            elif opcode != PONG:
                raise _Violation(CLOSE_PROTOCOL_ERROR)

    def send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        with self._sending:
            self._http.wfile.write(head + payload)
            self._http.wfile.flush()

    def close(self, code: int) -> None:
        self.send(CLOSE, struct.pack("!H", code))

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._read(8))
        if size > LARGEST_MESSAGE_BYTES:
            raise _Violation(CLOSE_TOO_BIG)
        # A client must mask, and no extension was agreed on that gives the reserved bits a meaning.
        if not second & 0x80 or first & 0x70:
            raise _Violation(CLOSE_PROTOCOL_ERROR)
        mask = self._read(4)
        masked = self._read(size)
        repeated = mask * (size // 4 + 1)
        payload = int.from_bytes(masked, "big") ^ int.from_bytes(repeated[:size], "big")
        return bool(first & 0x80), first & 0x0F, payload.to_bytes(size, "big")

    def _read(self, size: int) -> bytes:
        data = self._http.rfile.read(size)
        if len(data) < size:
            raise EOFError
        return data
