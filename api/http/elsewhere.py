"""Send a browser on to another page, by GET and kept by nobody."""

from fastapi import Response


def elsewhere(path: str) -> Response:
    """Send the browser on, by GET."""
    return Response(status_code=303, headers={"location": path, "cache-control": "no-store"})
