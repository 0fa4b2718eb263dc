"""The Inspect page: an image or header as fields, bytes and meaning, with what is known about it."""
