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
        "compare": ("image_compare", "tell how two images or headers differ"),
    },
    "hostkey": {
        "verify": ("hostkey_verify", "verify the chain of trust of host key documents"),
        "show": ("hostkey_show", "describe host key documents, other certificates and revocation lists"),
        "crls": ("hostkey_crls", "tell which revocation lists are needed, and fetch them"),
    },
    "attest": {
        "create": ("attest_create", "make an attestation request for machines"),
        "perform": ("attest_perform", "have a request answered, in the guest or by a simulated machine"),
        "verify": ("attest_verify", "verify a response: is this the guest that I built?"),
        "check": ("attest_check", "verify a response and judge it by policies"),
    },
    "machine": {
        "create": ("machine_create", "make a simulated machine"),
        "show": ("machine_show", "describe a simulated machine, what it hands out and what runs on it"),
        "start": ("machine_start", "start an image on a simulated machine, step by step"),
        "reset": ("machine_reset", "end the guest of a simulated machine"),
        "renew": ("machine_renew", "issue a new host key document and fresh revocation lists"),
        "revoke": ("machine_revoke", "revoke the host key document"),
        "secrets": ("machine_secrets", "add secrets to the guest of a simulated machine, and tell what it holds"),
        "tamper": ("machine_tamper", "change an image, a request or a response, to see what catches it"),
    },
}
GROUPS = {
    "image": "build, inspect and verify SE images",
    "hostkey": "verify host key documents, and what that needs",
    "attest": "ask running guests for proof of what they are",
    "machine": "try images and attestation on a simulated machine",
}
# Commands that belong to no group: name -> (module, what it does)
SINGLE = {"demo": ("demo", "play the demonstration: a simulated machine, an image, attestation, attacks, a report")}
