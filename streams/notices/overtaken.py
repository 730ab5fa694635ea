"""Which drafts their source has overtaken: it has since changed, lifted or cancelled what they say.

The decider refuses those, the console does not list them, and the pager calls nobody about them.
"""

from dataclasses import dataclass, field

from streams.notices.extending import is_extension
from streams.payloads import DraftRecord


@dataclass(slots=True)
class Documents:
    """The newest document of each lineage of which there is a draft, and whether its draft was complete."""

    _newest: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def hear(self, record: DraftRecord) -> None:
        """Take in a verdict, just now or read back from `drafts`."""
        if is_of_a_document(record):
            self._newest[record.lineage] = max(_place(record), self._newest.get(record.lineage, _place(record)))

    def overtake(self, record: DraftRecord) -> bool:
        """Say whether a newer document than that of *record* is known; never of a draft that is of no document."""
        return is_of_a_document(record) and self._newest.get(record.lineage, _place(record)) > _place(record)


def is_of_a_document(record: DraftRecord) -> bool:
    """Say whether a source's document is what *record* was made of: what gives an order a later end is a person's."""
    return record.draft is None or not is_extension(record.draft)


def _place(record: DraftRecord) -> tuple[int, bool]:
    return record.document_revision, record.complete
