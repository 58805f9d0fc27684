"""The native engine: networks of supported models in a compiled core. See ``docs/science/native-engine.md``."""
