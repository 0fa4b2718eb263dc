"""Reading a host private key: PEM or DER, P-521."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from seworkbench.errors import FormatError


def host_private_key(raw: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key in a file.

    Args:
        raw: content of the file: PEM or DER, not encrypted.

    Raises:
        FormatError: if it holds no usable P-521 private key.
    """
    load = load_pem_private_key if b"-----BEGIN" in raw else load_der_private_key
    remedy = "Use the private key of a simulated machine, PEM or DER, on the curve P-521 (secp521r1)."
    try:
        key = load(raw, None)
    except TypeError:
        raise FormatError(
            "The private key is protected by a passphrase.", remedy="Save it without one first."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise FormatError("This is not a private key.", remedy=remedy) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP521R1):
        raise FormatError("This private key is not on the curve P-521.", remedy=remedy)
    return key
