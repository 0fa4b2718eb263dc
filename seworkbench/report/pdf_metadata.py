"""What a PDF says of itself, in the form that PDF/A asks for; the library's own would name the time of writing."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from markupsafe import Markup

from seworkbench.report.text import shown

if TYPE_CHECKING:
    from seworkbench.report.model import Report

# ISO 19005-3, level U: text can be searched and copied.
_PART, _CONFORMANCE = 3, "U"
_METADATA = Markup(
    """<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
        xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
        xmp:CreatorTool="{made_with}"
        xmp:CreateDate="{date}"
        xmp:ModifyDate="{date}"
        xmp:MetadataDate="{date}"
        pdf:Producer="{made_with}">
      <pdfaid:part>{part}</pdfaid:part>
      <pdfaid:conformance>{conformance}</pdfaid:conformance>
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
      <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>"""
)


def xmp_metadata(report: Report) -> str:
    """The metadata of a report; title, subject, program and date are those that the document information states."""
    return str(
        _METADATA.format(
            made_with=shown(report.made_with),
            date=report.at.astimezone(UTC).replace(microsecond=0).isoformat(),
            part=_PART,
            conformance=_CONFORMANCE,
            title=shown(report.title),
            subject=shown(report.subject),
        )
    )
