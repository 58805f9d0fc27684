"""Transfer functions: body signals to afferent rates, spikes to muscle excitations. See ``function.py``."""

from .function import Transfer, transfer

__all__ = ["Transfer", "transfer"]
