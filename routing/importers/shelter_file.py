"""The shelter file: sites as JSON, one a line, sorted by id; small, and an officer can read it."""

import json
from collections.abc import Iterable
from pathlib import Path

from alerts.hazard import HazardKind
from alerts.place import LatLng
from alerts.shelter import SiteClass
from routing.errors import NothingImported
from routing.site import Site


def write_sites(path: Path, sites: Iterable[Site]) -> None:
    """Write *sites* to *path*, at once."""
    unfinished = path.with_suffix(path.suffix + ".unfinished")
    lines = (json.dumps(_plain(site), ensure_ascii=False) for site in sorted(sites, key=lambda site: site.id))
    unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    unfinished.replace(path)


def read_sites(path: Path) -> tuple[Site, ...]:
    """Return the sites in *path*.

    Raises NothingImported for a file that is damaged, with the line.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            found.append(
                Site(
                    id=row["id"],
                    name=row["name"],
                    point=LatLng(row["lat"], row["lng"]),
                    fit_for=frozenset(HazardKind(kind) for kind in row["fit_for"]),
                    ward=row["ward"],
                    address=row["address"],
                    site_class=SiteClass(row["site_class"]),
                    capacity=row["capacity"],
                    step_free=row["step_free"],
                    remark=row["remark"],
                    out_of_use=row["out_of_use"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise NothingImported(f"{path}, line {number} is no site: import the lists again") from error
    return tuple(found)


def _plain(site: Site) -> dict[str, object]:
    return {
        "id": site.id,
        "name": site.name,
        "lat": site.point.lat,
        "lng": site.point.lng,
        "fit_for": sorted(site.fit_for),
        "ward": site.ward,
        "address": site.address,
        "site_class": site.site_class.value,
        "capacity": site.capacity,
        "step_free": site.step_free,
        "remark": site.remark,
        "out_of_use": site.out_of_use,
    }
