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
    "machine": {
        "create": ("machine_create", "make a simulated machine"),
        "show": ("machine_show", "describe a simulated machine, what it hands out and what runs on it"),
        "start": ("machine_start", "start an image on a simulated machine, step by step"),
        "reset": ("machine_reset", "end the guest of a simulated machine"),
        "renew": ("machine_renew", "issue a new host key document and fresh revocation lists"),
        "revoke": ("machine_revoke", "revoke the host key document"),
        "tamper": ("machine_tamper", "change an image, a request or a response, to see what catches it"),
    },
}
GROUPS = {
    "image": "build, inspect and verify SE images",
    "machine": "try images and attestation on a simulated machine",
}
