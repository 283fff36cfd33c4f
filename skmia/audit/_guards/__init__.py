"""What would make a figure misleading, found and said."""
