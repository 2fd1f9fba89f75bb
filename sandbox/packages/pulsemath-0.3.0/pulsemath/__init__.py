"""Small measures of a sampled signal."""

import math

__version__ = "0.3.0"


def rms(samples):
    """The root mean square of a list of samples."""
    return math.sqrt(sum(value * value for value in samples) / len(samples)) if samples else 0.0


def peak(samples):
    """The largest magnitude among the samples."""
    return max((abs(value) for value in samples), default=0.0)
