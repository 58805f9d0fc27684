"""A run that dials out: what it tells goes up, what it is asked comes down, and it runs the same without."""

from .link import Link

__all__ = ["Link"]
