"""Synthetic tables that hang together: keys, how many rows belong to a row, and their order."""
