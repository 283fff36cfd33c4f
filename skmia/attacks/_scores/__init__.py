"""The arithmetic of the attacks: pure functions and small classes on arrays."""
