"""Brains: described networks, the contract of an engine, the engines."""
