"""`seworkbench hostkey crls`: which revocation lists certificates need, which are there, and where the others are.

With --fetch they are fetched, and every address is told before the first one is asked; with --list they can be fetched
elsewhere and carried over an air gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seworkbench.cli import status
from seworkbench.cli.foreground import foreground_job
from seworkbench.cli.missing import missing_json, missing_lines
from seworkbench.cli.options import Once, add_verbosity, instant, require_one_verbosity
from seworkbench.cli.terminal import one_line, write_json, write_lines, write_message
from seworkbench.errors import SeError, UsageError
from seworkbench.files import AtomicFile, made_folder
from seworkbench.trust.air_gap import air_gap_list, file_names, read_folder
from seworkbench.trust.anchors import system_store
from seworkbench.trust.fetch import fetch_crls, plan_fetch
from seworkbench.trust.graph import EdgeKind
from seworkbench.trust.judgement import Collection, judge
from seworkbench.trust.objects import ObjectKind
from seworkbench.trust.reading import read_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from seworkbench.trust.fetch import FetchPlan, FetchResult
    from seworkbench.trust.judgement import Judgement, Missing
    from seworkbench.trust.objects import TrustCertificate, TrustCrl

# Lists are public, and who fetched them wants to hand them on.
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Need:
    """A certificate that needs a revocation list.

    Args:
        certificate: the certificate.
        lists: the lists that cover it.
        why: why there is none; empty if there is.
    """

    certificate: TrustCertificate
    lists: tuple[TrustCrl, ...]
    why: str


def configure(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "inputs",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="host key documents, other certificates, revocation lists; or a folder of these",
    )
    parser.add_argument("--at", type=instant, action=Once, metavar="TIME", help="judge for this instant, not for now")
    parser.add_argument("--fetch", action="store_true", help="fetch the lists from where the certificates say they are")
    parser.add_argument("-d", "--directory", type=Path, action=Once, metavar="DIR", help="save what was fetched here")
    parser.add_argument("--list", type=Path, action=Once, metavar="FILE", help="write a script to fetch them elsewhere")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_verbosity(parser, less="nothing but errors")


def run(args: Namespace) -> int:
    """Carry out the command."""
    require_one_verbosity(args)
    if args.directory is not None and not args.fetch:
        raise UsageError("--directory needs --fetch.")
    collection = _collect(args)
    plan = plan_fetch(collection.certificates)
    if args.list is not None:
        with AtomicFile(args.list, replace=args.overwrite, mode=_MODE) as file:
            file.write_at(0, air_gap_list(plan).encode())
    fetched = _fetch(args, plan) if args.fetch else None
    at = args.at or datetime.now(UTC)
    lists = fetched.crls if fetched else {}
    judgement = judge(collection, at, anchors=system_store(), fetched=lists, offline=fetched is None)
    needs = list(_needs(collection, judgement, lists))
    saved = _save(args, fetched) if fetched and args.directory is not None else {}
    if args.json:
        write_json(_json(needs, plan, fetched, saved) | {"missing": missing_json(judgement.missing)})
    elif not args.quiet:
        write_lines([*_lines(needs, saved), *missing_lines(_other_than_lists(judgement.missing))])
    return status.CHECK_FAILED if any(need.why for need in needs) else status.DONE


def _collect(args: Namespace) -> Collection:
    bundles = [read_folder(path) if path.is_dir() else read_file(path) for path in args.inputs]
    for problem in (problem for bundle in bundles for problem in bundle.problems):
        if not args.quiet:
            write_message("warning", f"{problem.source.name}: {problem.what} {problem.remedy}".rstrip())
    certificates = tuple(item for bundle in bundles for item in bundle.certificates)
    if not certificates:
        raise SeError("There is no certificate in these files.", remedy="Name host key documents or certificates.")
    return Collection(certificates, tuple(item for bundle in bundles for item in bundle.crls))


def _fetch(args: Namespace, plan: FetchPlan) -> FetchResult:
    # Whoever does not want an address to be asked can still stop here.
    for address in plan.urls:
        if not args.quiet:
            names = ", ".join(certificate.name for certificate in address.needed_by)
            intent = "never asked" if not address.usable else "may ask" if address.fallback else "will ask"
            write_message(intent, f"{address.url} for {names}")
    with foreground_job(quiet=bool(args.quiet or args.json)) as job:
        result = fetch_crls(plan, at=datetime.now(UTC), job=job)
    for made in result.tries:
        if not args.quiet:
            write_message("asked", str(made))
    return result


def _needs(collection: Collection, judgement: Judgement, fetched: Mapping[str, tuple[TrustCrl, ...]]) -> Iterator[Need]:
    """Each certificate of the collection and of the chains, with its lists or the reason why it has none."""
    known = {item.fingerprint: item for item in collection.certificates}
    crls = {item.fingerprint: item for item in collection.crls}
    crls |= {item.fingerprint: item for found in fetched.values() for item in found}
    for host_key in judgement.host_keys:
        known |= {item.fingerprint: item for item in host_key.chain}
    covering: dict[str, list[TrustCrl]] = {}
    for edge in judgement.edges:
        if edge.kind in (EdgeKind.COVERS, EdgeKind.REVOKES) and edge.start in crls:
            covering.setdefault(edge.end, []).append(crls[edge.start])
    missing = {who: item.why for item in judgement.missing if item.kind is ObjectKind.CRL for who in item.needed_by}
    for fingerprint, certificate in known.items():
        lists = tuple(dict.fromkeys(covering.get(fingerprint, ())))
        why = missing.get(
            fingerprint,
            "The chain is not complete here, from a root to the signing certificate, so no list can be judged.",
        )
        yield Need(certificate, lists, "" if lists else why)


def _save(args: Namespace, fetched: FetchResult) -> dict[str, str]:
    """Write what was fetched; the files by address."""
    found = {crl.source.name: crls for crls in fetched.crls.values() for crl in crls}
    names = file_names(found)
    saved = {}
    with made_folder(args.directory):
        for url, crls in found.items():
            for position, crl in enumerate(crls):
                name = names[url] if not position else f"{position + 1}-{names[url]}"
                path = args.directory / name
                with AtomicFile(path, replace=args.overwrite, mode=_MODE) as file:
                    file.write_at(0, crl.der)
                saved[str(path)] = url
    return saved


def _other_than_lists(missing: Sequence[Missing]) -> list[Missing]:
    """Lists are told with each certificate; without the others no list can be judged."""
    return [item for item in missing if item.kind is not ObjectKind.CRL]


def _lines(needs: list[Need], saved: Mapping[str, str]) -> Iterator[str]:
    for need in needs:
        mark = "✘" if need.why else "✔"
        yield f"{mark} {need.certificate.kind.value}  {one_line(need.certificate.name)}"
        for crl in need.lists:
            until = f", next list due {crl.next_update.isoformat()}" if crl.next_update else ""
            yield f"    has   {one_line(crl.source.name)}{until}"
        if need.why:
            yield f"    lacks {one_line(need.why)}"
        for url in need.certificate.crl_addresses:
            yield f"    at    {one_line(url)}"
    yield from (f"saved {one_line(path)}" for path in saved)
    lacking = sum(bool(need.why) for need in needs)
    yield f"Certificates that need a revocation list: {len(needs)}. Without one: {lacking}."


def _json(needs: list[Need], plan: FetchPlan, fetched: FetchResult | None, saved: Mapping[str, str]) -> dict[str, Any]:
    return {
        "certificates": [
            {
                "kind": need.certificate.kind.value,
                "name": need.certificate.name,
                "sha256": need.certificate.fingerprint,
                "addresses": list(need.certificate.crl_addresses),
                "lists": [
                    {
                        "source": crl.source.name,
                        "sha256": crl.fingerprint,
                        "next_update": crl.next_update.isoformat() if crl.next_update else None,
                    }
                    for crl in need.lists
                ],
                "lacks": need.why,
            }
            for need in needs
        ],
        "addresses": [{"url": address.url, "fallback": address.fallback} for address in plan.urls],
        "fetched": [made.to_json() for made in fetched.tries] if fetched else [],
        "saved": dict(saved),
    }
