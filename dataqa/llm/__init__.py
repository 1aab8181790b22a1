"""Language models behind an OpenAI-compatible endpoint: asked once, checked, counted and kept."""
