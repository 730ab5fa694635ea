"""Read elements by their local name: a telegram's parts live in a dozen namespaces."""

from collections.abc import Iterator

from feeds.xml import Element


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child named *name* in any namespace."""
    return None if element is None else element.find(f"{{*}}{name}")


def children(element: Element | None, name: str) -> list[Element]:
    """Return all children named *name*, in order."""
    return [] if element is None else element.findall(f"{{*}}{name}")


def descendants(element: Element | None, *names: str) -> Iterator[Element]:
    """Return all elements below *element* with one of *names*, in document order."""
    return iter(()) if element is None else element.iter(*(f"{{*}}{name}" for name in names))


def text(element: Element | None, path: str = "") -> str:
    """Return the stripped text of *element*, or of the first match of *path* (names with /)."""
    for name in path.split("/") if path else ():
        element = child(element, name)
    return (element.text or "").strip() if element is not None else ""


def words(written: str) -> tuple[str, ...]:
    """Return the items of an xs:list."""
    return tuple(written.split())
