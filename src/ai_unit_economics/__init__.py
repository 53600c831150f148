"""AI Unit Economics: what a unit of AI work costs, fully loaded, from billing exports and server telemetry."""

__version__ = "0.1.0"
