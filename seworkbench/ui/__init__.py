"""The window. The only part that imports Qt; it holds no logic of the field."""
