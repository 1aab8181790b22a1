"""Where documents come from and where they go: sources, sinks, the store, the spill."""
