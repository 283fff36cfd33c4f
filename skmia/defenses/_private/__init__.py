"""Mechanisms of differential privacy, their bounds and their accounting."""
