"""Which muscles of the mouse forelimb oppose each other, for reciprocal inhibition. Derived from moment arms."""

ANTAGONISTS: dict[str, tuple[str, ...]] = {}
