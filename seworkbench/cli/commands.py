"""All commands by name; a module of its own so that looking one up costs nothing."""

from __future__ import annotations

# group -> command -> (module, what it does)
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "image": {
        "create": ("image_create", "build an encrypted SE image"),
        "info": ("image_info", "describe the SE header of an image"),
        "test": ("image_test", "tell whether an image is built for a machine"),
        "verify": ("image_verify", "check an image step by step"),
        "extract": ("image_extract", "get the components back out of an image"),
        "dissect": ("image_dissect", "show a binary file field by field"),
    },
}
GROUPS = {"image": "build, inspect and verify SE images"}
