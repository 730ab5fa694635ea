"""The measurement of the ways answers in the keys that are asked for, and agrees with networkx."""

import json
import subprocess
import sys
from pathlib import Path

KEYS = {"networkx_s", "plan_s", "repair_ms", "ratio_plan", "ratio_repair_p99", "ratio_repair_busiest_p99", "peak_mib"}


def test_the_measurement_prints_one_line_of_json_with_its_keys(shared_data: Path) -> None:
    graph = shared_data / "03_roads" / "tokyo_koenji_gmns" / "koenji_macro_link.geojson"
    command = [sys.executable, "-m", "load_tests.micro.routing", "--graph", str(graph), "--shelters", "12"]
    done = subprocess.run([*command, "--closures", "20", "--json"], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == KEYS
    assert set(found["repair_ms"]) == {"random", "busiest", "shelters"}
    for figures in found["repair_ms"].values():
        assert set(figures) == {"p50", "p99", "max", "nodes_p50"}
        assert 0 < figures["p50"] <= figures["p99"] <= figures["max"]
    assert found["repair_ms"]["busiest"]["nodes_p50"] > found["repair_ms"]["random"]["nodes_p50"]
    assert found["peak_mib"] > 0
