"""Bodies: described models, the contract of an engine, the engines."""
