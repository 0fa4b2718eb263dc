"""Byte layouts and constants of everything binary. Pure: no files, no cryptography."""
