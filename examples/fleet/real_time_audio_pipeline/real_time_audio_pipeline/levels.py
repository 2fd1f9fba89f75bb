"""Levels of a block of audio."""

import array
import sys

import pulsemath

FULL_SCALE = 32768.0


def levels(pcm: bytes) -> dict[str, float | int]:
    """Peak and RMS, 0 to 1, of 16-bit little-endian samples; half a sample at the end is left out."""
    samples = array.array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    scaled = [sample / FULL_SCALE for sample in samples]
    return {
        "samples": len(scaled),
        "peak": round(pulsemath.peak(scaled), 6),
        "rms": round(pulsemath.rms(scaled), 6),
    }
