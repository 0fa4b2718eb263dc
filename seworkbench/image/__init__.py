"""SE images: build, open, verify, extract, describe."""
