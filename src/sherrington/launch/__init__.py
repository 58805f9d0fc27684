"""Launching: runs as jobs of this machine or of a cluster's scheduler. Builds nothing and needs no engine installed."""
