"""Starts the supervisor: heals the containers of its compose project, and shows what it did at GET /healings."""

import os
from pathlib import Path

import fleetkit
from fleetbase.app import Answer, App
from fleetbase.machine import PROFILE, machine_facts
from self_healing_supervisor import __version__
from self_healing_supervisor.engine import Engine
from self_healing_supervisor.rounds import Rounds, read_settings

PORT = 8106
SOCKET = os.environ.get("FLEET_DOCKER_SOCKET", "/var/run/docker.sock")
CONFIGURATION = Path(os.environ.get("FLEET_SUPERVISOR", "/etc/fleet/supervisor.json"))


def main() -> None:
    facts = {**machine_facts(fleetkit.read_profile(PROFILE)), "packages": {"fleetkit": fleetkit.__version__}}
    app = App("self_healing_supervisor", __version__, PORT)
    rounds = Rounds(Engine(SOCKET), read_settings(CONFIGURATION), app.stopping)
    app.info = lambda: fleetkit.health(app.name, app.version, healings=len(rounds.healings), **facts)
    app.is_well = rounds.reach_the_engine
    app.route("GET", "/healings", lambda _: Answer(200, rounds.healings))
    app.on_start.append(rounds.start)
    app.run()


if __name__ == "__main__":
    main()
