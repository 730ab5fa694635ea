"""The register of wards of a demo: each ward's name, a help line that nobody can dial, and made-up refuges."""

from pathlib import Path

from shirase.demo.wards import WARDS, Ward


def write_demo_wards(path: Path, silence_after_seconds: int | None = None) -> Path:
    """Write the register to *path*, and return it; None leaves it to the policy when residents hear of no order."""
    said = "# Made up for the demo: no such number and no such refuge exists.\n"
    path.write_text(said + "\n".join(_row(ward, silence_after_seconds) for ward in WARDS), encoding="utf-8")
    return path


def _row(ward: Ward, silence: int | None) -> str:
    # Named where a house of two storeys goes under, and where it is still time to leave (R1, R3).
    name = ward.name.removesuffix("区")
    waits = "" if silence is None else f"[ward.thresholds]\nsilence_after_seconds = {silence}\n"
    return (
        f'[[ward]]\ncode = "{ward.code[:5]}"\nname = "{ward.name}"\nhelp_line = "{_number(ward)}"\n'
        f'refuge = "架空{name}高台"\nleave_early = "架空{name}広域避難先"\n{waits}'
    )


def _number(ward: Ward) -> str:
    # No exchange in Tokyo is called 0000.
    return f"03-0000-0{ward.code[2:5]}"
