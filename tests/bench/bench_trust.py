"""How long judging takes: `python -m tests.bench.bench_trust [NUMBER]`, host keys under one chain; 1,000 unless told.

Three figures: reading the documents, the first judgement, and the next ones while the instant is moved. Nothing about
time is asserted anywhere; the first judgement of 1,000 host keys should stay below two seconds on a machine at rest.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import timedelta

from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.reading import read_objects
from tests.trust.pki import AT, document, estate, host_key, pem

_MOVES = 12


def main(count: int) -> None:
    """Measure and print."""
    pki = estate()
    keys = [host_key(number) for number in range(20)]
    documents = []
    for number in range(count):
        draft = document(number, pki.document_issuer, keys[number % len(keys)])
        draft.end = AT + timedelta(days=number + 1)
        documents.append(pem(draft.make()))
    chain = pem(pki.root, pki.inter, pki.sign, pki.root_crl, pki.inter_crl, pki.host_crl)

    began = time.perf_counter()
    bundle = read_objects(b"".join(documents) + chain, "documents")
    read = time.perf_counter() - began
    collection = Collection(bundle.certificates, bundle.crls)

    began = time.perf_counter()
    found = judge(collection, AT)
    first = time.perf_counter() - began
    if any(item.cause for item in found.host_keys):
        raise SystemExit("A sound host key was not accepted.")

    moves = []
    for step in range(_MOVES):
        began = time.perf_counter()
        judge(collection, AT + timedelta(days=step * count // _MOVES, hours=1))
        moves.append(time.perf_counter() - began)
    load = os.getloadavg()[0]
    print(f"{count} host keys, load average {load:.1f}")  # noqa: T201 - its only output
    print(f"  reading         {read:7.3f} s")  # noqa: T201
    print(f"  first judgement {first:7.3f} s")  # noqa: T201
    print(f"  next ones       {statistics.median(moves):7.3f} s (median of {_MOVES})")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
