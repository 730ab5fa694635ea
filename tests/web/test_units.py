"""The parts of the pages that need no browser: cells against the reference library, way tiles, old and new notices."""

import json
import os
import shutil
import subprocess

from routing.way_tile import read_tile
from tests.conftest import PROJECT
from tests.web.conftest import needed
from tests.web.dusk import Dusk

WEB = PROJECT / "web"


def test_the_scripts_hold_what_they_promise() -> None:
    vitest = WEB / "node_modules" / ".bin" / "vitest"
    needed("vitest", vitest.exists() and shutil.which("node") is not None, "make web (Node 18 or newer)")
    data = Dusk().tile()
    nodes = [[node.point.lng, node.point.lat, node.seconds, node.free_seconds] for node in read_tile(data).nodes]
    given = json.dumps({"bytes": data.hex(), "nodes": nodes})
    done = subprocess.run(
        [str(vitest), "run"], cwd=WEB, env={**os.environ, "VITE_WAY_TILE": given},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
