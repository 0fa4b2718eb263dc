"""Hostile input: whatever the bytes, a result or the one kind of error, in little memory and few reads."""
