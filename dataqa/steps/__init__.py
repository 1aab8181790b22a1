"""One file, one step, one YAML word."""
