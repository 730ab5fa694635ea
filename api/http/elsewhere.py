"""Send a browser on to another page, by GET and kept by nobody."""

from urllib.parse import quote

from fastapi import Response

# What an address of ours is written with; all else in it is somebody's text, e.g. of a path that was typed.
_ADDRESS = "/?&=#%:,;+@!$'()*~"


def elsewhere(path: str) -> Response:
    """Send the browser on, by GET."""
    return Response(status_code=303, headers={"location": quote(path, safe=_ADDRESS), "cache-control": "no-store"})
