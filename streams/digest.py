"""What an approval covers, in one number: what is sent is what was approved, checked at every hop (R14)."""

import hashlib

import orjson

from alerts.notice import Notice


def approval_digest(notice: Notice) -> str:
    """Return the SHA-256 over what an approval covers: lane, cells, words and expiry (R14).

    Of kind 3 that is the order with its cells, template, expiry and rule, and never a way: ten closures
    in an order need no new approval.
    """
    if notice.order is not None:
        ordered = {"kind": notice.kind, "lane": notice.lane, "order": notice.order}
        return hashlib.sha256(orjson.dumps(ordered, option=orjson.OPT_SORT_KEYS)).hexdigest()
    covered = {
        "lineage": notice.lineage,
        "kind": notice.kind,
        "lane": notice.lane,
        "audience": notice.audience,
        "document": notice.document,
        "expires": notice.expires,
        "parts": notice.parts,
    }
    return hashlib.sha256(orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)).hexdigest()
