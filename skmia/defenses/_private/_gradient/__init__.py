"""Noisy gradient descent: exact clipped sums, their noise, and the descent."""
