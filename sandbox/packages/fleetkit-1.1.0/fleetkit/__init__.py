"""What every service of the example fleet shares: its health answer and its machine profile."""

from fleetkit.health import health
from fleetkit.profile import read_profile
from fleetkit.window import Window

__version__ = "1.1.0"
__all__ = ["Window", "health", "read_profile"]
