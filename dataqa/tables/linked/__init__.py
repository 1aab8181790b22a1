"""Synthetic tables that hang together: their keys, how many rows belong to a row, and in what order."""
