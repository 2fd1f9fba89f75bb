"""What every service of the example fleet shares: its health answer and its machine profile."""

from fleetkit.health import health
from fleetkit.profile import read_profile

__version__ = "1.0.0"
__all__ = ["health", "read_profile"]
