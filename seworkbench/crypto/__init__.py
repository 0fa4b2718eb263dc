"""Exactly the constructions that Secure Execution defines, on pyca/cryptography."""
