"""Small measures of a sampled signal."""

import math

__version__ = "0.4.0"


def rms(samples):
    """The root mean square of a list of samples."""
    return math.sqrt(sum(value * value for value in samples) / len(samples)) if samples else 0.0


def peak(samples):
    """The largest magnitude among the samples."""
    return max((abs(value) for value in samples), default=0.0)


def zero_crossings(samples):
    """How often the signal changes its sign."""
    return sum(1 for left, right in zip(samples, samples[1:]) if (left < 0) != (right < 0))
