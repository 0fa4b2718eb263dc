"""Host key documents that give the hashes of an answer a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seworkbench.attestation.known import KnownHostKey
from seworkbench.cli.options import PathList
from seworkbench.trust.host_key_document import read_host_key_document

if TYPE_CHECKING:
    from argparse import ArgumentParser, _ArgumentGroup
    from collections.abc import Iterable
    from pathlib import Path


def add_documents(parser: ArgumentParser | _ArgumentGroup, purpose: str) -> None:
    """Add the host key documents."""
    parser.add_argument("-k", "--host-key-document", action=PathList, default=[], metavar="FILE", help=purpose)


def read_documents(paths: Iterable[Path]) -> tuple[KnownHostKey, ...]:
    """Name and hash of the key of each document.

    Raises:
        SeError: if a document is unusable.
    """
    documents = (read_host_key_document(path) for path in paths)
    return tuple(KnownHostKey(str(document.path), document.phkh) for document in documents)
