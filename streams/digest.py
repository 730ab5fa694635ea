"""What an approval covers, in one number: what is sent is what was approved, checked at every hop (R14)."""

import hashlib
from dataclasses import fields, is_dataclass

import orjson

from alerts.notice import LATER, Notice

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def approval_digest(notice: Notice) -> str:
    """Return the SHA-256 over what an approval covers: lane, cells, words and expiry (R14).

    Of kind 3 that is the order with its cells, template, expiry and rule, and never a way: ten closures
    in an order need no new approval.
    """
    if notice.order is not None:
        return digest_of({"kind": notice.kind, "lane": notice.lane, "order": notice.order})
    covered = {
        "lineage": notice.lineage,
        "kind": notice.kind,
        "lane": notice.lane,
        "audience": notice.audience,
        "document": notice.document,
        "expires": notice.expires,
        "parts": notice.parts,
    }
    return digest_of(covered)


def digest_of(covered: object) -> str:
    """Return the SHA-256 of *covered*, in which a later field that says nothing does not occur.

    Two versions run side by side while one is replaced by the next (R22): were a new field in the digest from its
    first day on, either would take what the other has approved for something else, and send none of it. A later
    field that says something is covered: who does not know it must not send it.
    """
    return hashlib.sha256(orjson.dumps(covered, option=_OPTIONS, default=_in_order)).hexdigest()


def _in_order(value: object) -> orjson.Fragment:
    if not is_dataclass(value):
        raise TypeError(f"a {type(value).__name__} has no place in a digest")
    pieces = []
    for one in fields(value):
        said = getattr(value, one.name)
        if LATER in one.metadata and said == one.default:
            continue
        pieces.append(orjson.dumps(one.name) + b":" + orjson.dumps(said, option=_OPTIONS, default=_in_order))
    return orjson.Fragment(b"{" + b",".join(pieces) + b"}")
