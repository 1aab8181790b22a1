"""Names of people, places and organisations: a cascade from a small tagger to larger models."""
