"""Fit any classifier on soft labels."""
