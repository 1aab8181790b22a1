"""Near-duplicate removal foreseen: samples, sketches, figures and the folder of a preview."""
