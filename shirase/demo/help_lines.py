"""The register of wards of a demo: each ward's name and a help line that nobody can dial."""

from pathlib import Path

from shirase.demo.wards import WARDS, Ward


def write_demo_wards(path: Path) -> Path:
    """Write the register to *path*, and return it."""
    rows = (
        f'[[ward]]\ncode = "{ward.code[:5]}"\nname = "{ward.name}"\nhelp_line = "{_number(ward)}"\n' for ward in WARDS
    )
    path.write_text("# Made up for the demo: no such number exists.\n" + "\n".join(rows), encoding="utf-8")
    return path


def _number(ward: Ward) -> str:
    # No exchange in Tokyo is called 0000.
    return f"03-0000-0{ward.code[2:5]}"
