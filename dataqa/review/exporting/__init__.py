"""Training files from what people said."""
