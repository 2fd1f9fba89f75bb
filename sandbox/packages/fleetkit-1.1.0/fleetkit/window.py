"""The last values of a measurement."""

from collections import deque


class Window:
    """Keeps the last `size` values and their mean."""

    def __init__(self, size):
        self._values = deque(maxlen=size)

    def add(self, value):
        self._values.append(value)
        return self.mean()

    def mean(self):
        return sum(self._values) / len(self._values) if self._values else 0.0
