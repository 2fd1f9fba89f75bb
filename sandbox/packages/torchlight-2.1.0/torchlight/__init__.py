"""A light stand-in for a tensor library: lists of numbers, no accelerator."""

import math

from torchlight import cuda

__version__ = "2.1.0"
__all__ = ["cuda", "dot", "softmax"]


def dot(left, right):
    """The inner product of two vectors of one length."""
    if len(left) != len(right):
        raise ValueError(f"expected two vectors of one length, found {len(left)} and {len(right)}")
    return sum(a * b for a, b in zip(left, right))


def softmax(values):
    """The values as probabilities that add up to 1."""
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    total = sum(weights)
    return [weight / total for weight in weights]
