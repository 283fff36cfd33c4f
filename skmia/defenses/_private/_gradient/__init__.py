"""Noisy gradient descent: exact clipped sums, their noise, and the descent."""

from skmia.defenses._private._gradient._logistic import NoisyGradient
from skmia.defenses._private._gradient._network_mechanism import NoisyNetwork

__all__ = ["NoisyGradient", "NoisyNetwork"]
