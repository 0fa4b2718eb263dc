"""The machine side of every protocol, in software."""
