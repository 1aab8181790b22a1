"""Engines of other makers that learn tables, each in an environment of its own."""
