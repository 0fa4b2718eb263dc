"""Explicit attestation: requests, responses, verification and policy."""
