"""The Attestation page: cases, each a sequence of six steps from the choice of a header to the policies."""
