"""Noisy gradient descent: exact clipped sums, their noise, and the descent."""

from skmia.defenses._private._gradient._logistic import NoisyGradient

__all__ = ["NoisyGradient"]
