"""Where a notice comes from, as its draft and a hazard map say it: what the notice itself names, said in one place."""

from alerts.claim import Provenance, Release
from alerts.notice import Notice


def provenance_of(notice: Notice, *, kind: str, release: Release, outcome: str, source_ref: str = "") -> Provenance:
    """Return the provenance of *notice*: *kind* is what made it, *release* who lets it go."""
    return Provenance(
        document=notice.document,
        lineage=notice.lineage,
        revision=notice.revision,
        feed=notice.feed,
        kind=kind,
        issuer=notice.issuer,
        sent=notice.sent,
        received=notice.received,
        expires=notice.expires,
        release=release,
        lane=notice.lane,
        outcome=outcome,
        source_ref=source_ref,
        audience=notice.audience,
    )
