"""Write down what must become of every document of 10_incidents, from the documents alone.

    python -m tests.golden.make_incidents DATA_FOLDER [--out incidents.csv]

Nothing of the project is imported. A row: file, outcome, reason, shelters, people in them, places that they have
together, roads, incidents, refused rows.
"""

import argparse
import csv
import gzip
import io
import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLUMNS = ("file", "outcome", "reason", "shelters", "people", "places", "roads", "incidents", "refused")
HISPANIOLA = (17.4, 20.3, -74.7, -68.2)


def shelters(text: str) -> dict[str, object]:
    rows = list(csv.DictReader(io.StringIO(text)))
    heads = [name for name in rows[0] if name.startswith("人数")]
    places = 0
    for row in rows:
        inside = re.search(r"屋内([\d,]+)人", row["想定収容人数"])
        outside = re.search(r"屋外([\d,]+)人", row["想定収容人数"])
        both = [int(found[1].replace(",", "")) for found in (inside, outside) if found]
        places += next((number for number in both if number), 0)
    people = sum(int(row[heads[0]]) for row in rows) if heads else 0
    return {"shelters": len(rows), "people": people, "places": places}


def crowd(text: str) -> dict[str, object]:
    south, north, west, east = HISPANIOLA
    roads = incidents = refused = 0
    for row in csv.DictReader(io.StringIO(text)):
        if not (south <= float(row["LATITUDE"]) <= north and west <= float(row["LONGITUDE"]) <= east):
            refused += 1
            continue
        names = [name.strip() for name in row["CATEGORY"].split(",") if name.strip()]
        blocked = [name for name in names if name.startswith(("5c", "5d"))]
        roads += len(blocked)
        incidents += not blocked or len(names) > len(blocked)
    return {"roads": roads, "incidents": incidents, "refused": refused}


def rows(data: Path) -> list[dict[str, str]]:
    found: list[dict[str, object]] = []
    for path in sorted((data / "10_incidents").rglob("*")):
        name = path.relative_to(data / "10_incidents").as_posix()
        told: dict[str, object] = {"file": name.removesuffix(".gz"), "outcome": "informational", "reason": "facts-only"}
        if path.name.endswith(".csv.gz"):
            found.append(told | crowd(gzip.decompress(path.read_bytes()).decode()))
        elif path.suffix == ".csv":
            found.append(told | shelters(path.read_text(encoding="utf-8")))
        elif path.suffix == ".geojson":
            features = json.loads(path.read_text(encoding="utf-8"))["features"]
            columns = list(features[0]["properties"])
            text = io.StringIO()
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(feature["properties"] for feature in features)
            found.append(told | shelters(text.getvalue()))
    return [
        {name: str(row.get(name, 0)) for name in COLUMNS} for row in sorted(found, key=lambda row: str(row["file"]))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "incidents.csv")
    chosen = parser.parse_args()
    with chosen.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(chosen.data))


if __name__ == "__main__":
    main()
