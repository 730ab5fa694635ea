"""A plain form of ours: read safely, answered by a page or by the way to one."""

from urllib.parse import parse_qs, urlsplit

from fastapi import Request, Response

from api.http.errors import ApiError
from api.officers.accounts import Session

# The words of forty parts in five languages, percent-encoded; an outline of a thousand corners is 60 kB.
_LONGEST_FORM = 524_288
# Title and body of each of these, and every ward may be ticked.
_MOST_FIELDS = 480


async def read_form(request: Request, origin: str, session: Session | None = None) -> dict[str, str]:
    """Return the fields of a form of ours; raises 403 for one that another site has made.

    What was ticked several times stands in one field, joined by spaces.
    """
    host = request.headers.get("host", "")
    if origin and urlsplit(origin).netloc != host:
        raise ApiError(403, "other-origin", "This form is not one of ours")
    body = await request.body()
    if len(body) > _LONGEST_FORM:
        raise ApiError(413, "form-too-long", "The form is too long")
    try:
        pairs = parse_qs(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, strict_parsing=bool(body)
        )
    except ValueError:
        raise ApiError(422, "form-malformed", "The form cannot be read") from None
    fields = {name: " ".join(values) for name, values in pairs.items()}
    if session is not None and fields.get("csrf", "") != session.csrf:
        raise ApiError(403, "other-form", "This form belongs to another session: open the page again")
    return fields


def page(html: str, status: int = 200) -> Response:
    """Return a page that nobody keeps."""
    return Response(html, status, {"cache-control": "no-store"}, media_type="text/html; charset=utf-8")
