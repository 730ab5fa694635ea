"""Write CAP 1.2 alerts for the demo, by hand from the standard and without our own reader's code.

Independent on purpose: if reader and writer shared a mistake, the demo could not show it.
"""

from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from alerts.place import Ring
from shirase.demo.jma_writer import JST


@dataclass(frozen=True, slots=True)
class CapWarning:
    """A flood warning as CAP: what it says and where; `references` are (sender, identifier, sent)."""

    identifier: str
    sender: str
    at: datetime
    msg_type: str
    headline: str
    description: str
    instruction: str
    response: str
    expires: datetime
    polygon: Ring
    area_name: str
    level: int
    urgency: str = "Immediate"
    severity: str = "Severe"
    certainty: str = "Likely"
    references: tuple[tuple[str, str, datetime], ...] = ()
    status: str = "Actual"
    event: str = "洪水"


def write(warning: CapWarning) -> bytes:
    """Return *warning* as CAP 1.2 XML. An Update or a Cancel names every message that it replaces."""
    fields = [
        ("identifier", warning.identifier),
        ("sender", warning.sender),
        ("sent", _when(warning.at)),
        ("status", warning.status),
        ("msgType", warning.msg_type),
        ("scope", "Public"),
    ]
    if warning.references:
        named = (f"{sender},{identifier},{_when(at)}" for sender, identifier, at in warning.references)
        fields.append(("references", " ".join(named)))
    info = [
        ("language", "ja-JP"),
        ("category", "Met"),
        ("event", warning.event),
        ("responseType", warning.response),
        ("urgency", warning.urgency),
        ("severity", warning.severity),
        ("certainty", warning.certainty),
        ("expires", _when(warning.expires)),
        ("senderName", "架空河川事務所"),
        ("headline", warning.headline),
        ("description", warning.description),
        ("instruction", warning.instruction),
    ]
    ring = " ".join(f"{point.lat:.5f},{point.lng:.5f}" for point in warning.polygon)
    parameter = f"<parameter><valueName>警戒レベル</valueName><value>{warning.level}</value></parameter>"
    area = f"<area>{_all([('areaDesc', warning.area_name), ('polygon', ring)])}</area>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"{_all(fields)}<info>{_all(info)}{parameter}{area}</info></alert>\n"
    ).encode()


def _all(fields: list[tuple[str, str]]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields)


def _when(at: datetime) -> str:
    # CAP 1.2, 3.3.2: no "Z", and no fractions of a second.
    return at.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+09:00")
