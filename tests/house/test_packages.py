"""The list of packages, the lock and the contracts follow the tree."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.house.conftest import PROJECT

# Folders that hold Python but are not part of what is installed.
NOT_INSTALLED = {"tests", "load_tests"}

IMPORTED_AS = {"pyjwt": "jwt", "argon2_cffi": "argon2", "faust_streaming": "faust"}


def _packages() -> set[str]:
    tops = {path.parent for path in PROJECT.glob("*/__init__.py")} - {PROJECT / name for name in NOT_INSTALLED}
    return {".".join(path.parent.relative_to(PROJECT).parts) for top in tops for path in top.rglob("__init__.py")}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


def test_pyproject_lists_exactly_the_packages_that_there_are(pyproject: dict[str, Any]) -> None:
    assert set(pyproject["tool"]["setuptools"]["packages"]) == _packages()


def test_every_package_says_that_it_is_typed() -> None:
    tops = {name for name in _packages() if "." not in name}
    assert {name for name in tops if not (PROJECT / name / "py.typed").is_file()} == set()


def test_every_folder_with_tests_is_a_package() -> None:
    # Without it pytest puts the folder itself on the path, and tests/geo shadows geo.
    folders = {path.parent for path in (PROJECT / "tests").rglob("*.py")}
    assert {str(folder) for folder in folders if not (folder / "__init__.py").is_file()} == set()


def test_no_package_is_empty() -> None:
    empty = {
        name
        for name in _packages()
        if not [path for path in (PROJECT / name.replace(".", "/")).rglob("*.py") if path.name != "__init__.py"]
        and not (PROJECT / name.replace(".", "/") / "__init__.py").read_text(encoding="utf-8").count("\n") > 5
    }
    assert empty == set()


def test_the_contracts_cover_every_package(pyproject: dict[str, Any]) -> None:
    linter = pyproject["tool"]["importlinter"]
    tops = {name for name in _packages() if "." not in name}
    assert tops <= set(linter["root_packages"])
    one_door = next(contract for contract in linter["contracts"] if contract["id"] == "one-door-to-kafka")
    assert set(one_door["source_modules"]) == set(linter["root_packages"]) - {"streams"}
    layers = next(contract for contract in linter["contracts"] if contract["id"] == "layers")["layers"]
    assert tops <= set(re.findall(r"\w+", " ".join(layers)))


def test_the_lock_pins_every_dependency_by_hash(pyproject: dict[str, Any]) -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[^\]]*\])?==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", lock)
    locked = set(entries)
    assert len(entries) == len(re.findall(r"(?m)^[a-z0-9]", lock)), "an entry has no hash"
    wanted = pyproject["project"]["dependencies"] + pyproject["project"]["optional-dependencies"]["dev"]
    names = {re.split(r"[><=\[; ]", one)[0].lower().replace("_", "-") for one in wanted}
    assert names - locked == set(), "run make lock"


def test_everything_imported_is_asked_for(pyproject: dict[str, Any]) -> None:
    # What comes along with something else today may not tomorrow.
    asked = {re.split(r"[><=\[; ]", one)[0].lower().replace("-", "_") for one in pyproject["project"]["dependencies"]}
    asked |= {IMPORTED_AS[name] for name in asked & set(IMPORTED_AS)}
    tops = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    imported = {
        name
        for package in tops - NOT_INSTALLED
        for path in (PROJECT / package).rglob("*.py")
        for name in _imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert imported - asked - tops - sys.stdlib_module_names == set()


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_lock_says_what_not_whence() -> None:
    # Where packages come from is the business of whoever installs them.
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock


def test_scripts_stop_at_the_first_failure() -> None:
    scripts = [path for path in _tracked() if path.suffix == ".sh" or path == PROJECT / ".ci" / "run"]
    assert len(scripts) >= 3
    assert [str(path) for path in scripts if "set -euo pipefail" not in path.read_text(encoding="utf-8")] == []
