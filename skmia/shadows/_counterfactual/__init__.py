"""What a shadow would have said of a record on the other side, in closed form."""
