"""What the claims of this package rest on; each module is ``python -m benchmarks.NAME``."""
