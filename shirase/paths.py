"""Where a deployment's files are unless somebody says otherwise; all of them from the folder a command is typed in."""

from pathlib import Path

DEFAULT_AREAS = Path(".cache/areas/japan.bin")
DEFAULT_LIBRARY = Path(".cache/areas/library")
DEFAULT_RIVER_ZONES = Path(".cache/areas/river-zones.npz")
# Apart from the zones: their lines say which ground is assumed to be endangered, these are for drawing alone.
DEFAULT_RIVERS = Path(".cache/areas/rivers.npz")
DEFAULT_ROADS = Path(".cache/ways/roads.network")
DEFAULT_SITES = Path(".cache/ways/shelters.jsonl")
DEFAULT_ACCOUNTS = Path("accounts.sqlite")
DEFAULT_POLICY = Path("ops/policy.toml")
DEFAULT_OUTLETS = Path("ops/outlets.toml")
DEFAULT_CHECKS = Path("ops/checks.toml")
DEFAULT_LANGUAGES = Path("ops/languages.toml")
DEFAULT_WEB = Path("web/dist")
