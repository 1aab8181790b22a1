"""Synthetic tables: what columns are, a model of them, rows that are nobody's, and the evidence."""
