# A service for the stories: says its version, and is healthy, unhealthy, wrong, slow or gone as its image was built.
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = os.environ.get("MODE", "ok")
VERSION = os.environ.get("VERSION", "0")
BORN = time.monotonic()


def health():
    if MODE == "unhealthy" or (MODE == "dies" and time.monotonic() - BORN > 4):
        return 503, {"status": "ok"}
    return 200, {"status": "error" if MODE == "error" else "ok"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = health() if self.path == "/health" else (200, {"version": VERSION, "colour": os.environ.get("COLOUR")})
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if MODE == "exits":
    print("no model file, token", os.environ.get("API_TOKEN"), file=sys.stderr)
    sys.exit(3)
with open("/data/visitors", "a", encoding="utf8") as visitors:
    visitors.write(VERSION + "\n")
server = ThreadingHTTPServer(("0.0.0.0", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", VERSION, flush=True)
server.serve_forever()
