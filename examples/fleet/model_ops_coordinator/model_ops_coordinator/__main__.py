"""Starts the coordinator: GET /models, and POST /schedule for those who hold the token."""

import hmac
import os

import fleetkit
from fleetbase.app import Answer, App, Request, parse_json
from fleetbase.machine import PROFILE, machine_facts
from model_ops_coordinator import __version__
from model_ops_coordinator.batches import batch_sizes, cut

PORT = 8101
TOKEN = os.environ.get("MODEL_OPS_API_TOKEN", "")


def main() -> None:
    profile = fleetkit.read_profile(PROFILE)
    sizes = batch_sizes(profile)
    facts = {**machine_facts(profile), "packages": {"fleetkit": fleetkit.__version__}, "token_known": TOKEN != ""}

    def schedule(request: Request) -> Answer:
        if not may_schedule(request):
            return Answer(401, {"error": "expected Authorization: Bearer with the token of this host"})
        wanted = parse_json(request.body)
        return Answer(200, cut(sizes, wanted.get("model"), wanted.get("samples")))

    app = App("model_ops_coordinator", __version__, PORT)
    app.info = lambda: fleetkit.health(app.name, app.version, **facts)
    app.route("GET", "/models", lambda _: Answer(200, sizes))
    app.route("POST", "/schedule", schedule)
    app.run()


def may_schedule(request: Request) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return TOKEN != "" and hmac.compare_digest(given.encode(), TOKEN.encode())


if __name__ == "__main__":
    main()
