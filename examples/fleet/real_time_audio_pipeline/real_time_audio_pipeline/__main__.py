"""Starts the pipeline: WebSocket on /audio (text comes back as it is, binary as levels), and lines on the TCP port."""

import json

import fleetkit
import pulsemath
from fleetbase.app import App
from fleetbase.machine import PROFILE, machine_facts
from fleetweb.lines import LineServer
from fleetweb.websocket import TEXT, WebSockets
from real_time_audio_pipeline import __version__
from real_time_audio_pipeline.levels import levels

PORT = 8102
LINE_PORT = 8202


def main() -> None:
    packages = {"fleetkit": fleetkit.__version__, "pulsemath": pulsemath.__version__}
    facts = {**machine_facts(fleetkit.read_profile(PROFILE)), "packages": packages}
    sockets = WebSockets(answer_message)
    lines = LineServer(LINE_PORT, lambda line: line)
    app = App("real_time_audio_pipeline", __version__, PORT)
    app.info = lambda: fleetkit.health(app.name, app.version, **facts)
    app.upgrade("/audio", sockets.handle)
    app.on_start.append(lines.start)
    app.on_stop.extend([sockets.close_all, lines.stop])
    app.run()


def answer_message(opcode: int, payload: bytes) -> bytes:
    return payload if opcode == TEXT else json.dumps(levels(payload)).encode()


if __name__ == "__main__":
    main()
