"""Starts the center: asks the services named in its configuration, and shows what it saw at GET /report."""

import os
from pathlib import Path

import fleetkit
import pulsemath
from fleetbase.app import Answer, App
from fleetbase.machine import PROFILE, machine_facts
from unified_observability_center import __version__
from unified_observability_center.watch import Watch, read_targets

PORT = 8105
CONFIGURATION = Path(os.environ.get("FLEET_OBSERVABILITY", "/etc/fleet/observability.json"))


def main() -> None:
    packages = {"fleetkit": fleetkit.__version__, "pulsemath": pulsemath.__version__}
    facts = {**machine_facts(fleetkit.read_profile(PROFILE)), "packages": packages}
    interval_s, targets = read_targets(CONFIGURATION)
    app = App("unified_observability_center", __version__, PORT)
    watch = Watch(targets, interval_s, app.stopping)
    app.info = lambda: fleetkit.health(app.name, app.version, watches=sorted(targets), **facts)
    app.is_well = watch.is_alive
    app.route("GET", "/report", lambda _: Answer(200, watch.report()))
    app.on_start.append(watch.start)
    app.run()


if __name__ == "__main__":
    main()
