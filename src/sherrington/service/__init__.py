"""What a run and whoever watches it say to each other, and later the service itself."""
