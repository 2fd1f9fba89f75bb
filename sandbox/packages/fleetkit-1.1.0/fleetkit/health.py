"""The one health answer every service gives."""

import time

_STARTED = time.monotonic()


def health(service, version, **facts):
    """Say that a service is well: {"status": "ok", "service", "version", "uptime", ...}."""
    answer = {"status": "ok", "service": service, "version": version, "uptime": round(time.monotonic() - _STARTED, 3)}
    answer.update(facts)
    return answer
