"""Faults: killed, full, read-only, vanished, contested. A file is whole or absent, and keys are safe."""
