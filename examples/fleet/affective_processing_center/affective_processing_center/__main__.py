"""Starts the center: POST /score takes a text and answers with the weight of each mood."""

import fleetkit
import torchlight
from affective_processing_center import __version__
from affective_processing_center.mood import score
from fleetbase.app import Answer, App, Request, parse_json
from fleetbase.machine import PROFILE, machine_facts

PORT = 8103


def main() -> None:
    packages = {"fleetkit": fleetkit.__version__, "torchlight": torchlight.__version__}
    cuda = {"version": torchlight.cuda.version, "available": torchlight.cuda.is_available()}
    facts = {**machine_facts(fleetkit.read_profile(PROFILE)), "packages": packages, "cuda": cuda}
    app = App("affective_processing_center", __version__, PORT)
    app.info = lambda: fleetkit.health(app.name, app.version, **facts)
    app.route("POST", "/score", answer_score)
    app.run()


def answer_score(request: Request) -> Answer:
    text = parse_json(request.body).get("text")
    if not isinstance(text, str):
        raise ValueError(f"expected text to be a string, found {text!r}")
    return Answer(200, score(text))


if __name__ == "__main__":
    main()
