"""Recording a run, reading it back, and turning it into a report, a video or an NWB file."""
