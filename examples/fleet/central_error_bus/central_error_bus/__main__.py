"""Starts the bus: POST /errors takes an error in, GET /errors gives the latest ones back."""

import fleetkit
from central_error_bus import __version__
from central_error_bus.journal import Journal
from fleetbase.app import Answer, App, Request, parse_json
from fleetbase.data import folder
from fleetbase.machine import PROFILE, machine_facts

PORT = 8104


def main() -> None:
    facts = {**machine_facts(fleetkit.read_profile(PROFILE)), "packages": {"fleetkit": fleetkit.__version__}}
    journal = Journal(folder() / "errors.jsonl")

    def take(request: Request) -> Answer:
        return Answer(201, journal.add(parse_json(request.body)))

    app = App("central_error_bus", __version__, PORT)
    app.info = lambda: fleetkit.health(app.name, app.version, errors=journal.count(), **facts)
    app.route("POST", "/errors", take)
    app.route("GET", "/errors", lambda _: Answer(200, journal.latest()))
    app.run()


if __name__ == "__main__":
    main()
