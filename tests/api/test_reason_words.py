"""Officers read words where the system keeps codes."""

import ast
import inspect

import pytest

from alerts import lifecycle, references, series
from alerts.claim import Release
from api.console.reason_words import HELD, REASONS, SERVICES, held_said, reason_said, service_said, unreadable_said
from dispatch.settings import DEFAULT_PUSH_HOSTS
from geo.sign import ORDER_WITHOUT_SIGN
from streams.deciding import decision
from streams.ingest import settlement
from streams.notices import extending


def codes_of_decisions() -> set[str]:
    """Return every reason that the decider itself writes into a draft's record, read from its source."""
    tree = ast.parse(inspect.getsource(decision))
    given: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_verdict", "_approved"):
            given += [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "reason")]
        if isinstance(node, ast.FunctionDef) and node.name == "_why_no_way":
            given += [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None]
    constants = [one.value for part in given for one in ast.walk(part) if isinstance(one, ast.Constant)]
    return {code for code in constants if isinstance(code, str) and "-" in code and not code.endswith(":")}


def test_whatever_the_decider_writes_has_words() -> None:
    codes = codes_of_decisions()
    assert {"needs-a-person", "held-by-policy", "digest-mismatch", "order-not-approved"} <= codes
    assert codes | {ORDER_WITHOUT_SIGN} <= REASONS.keys()
    closes = ast.parse(inspect.getsource(extending.why_no_extension))
    whys = {one.value for one in ast.walk(closes) if isinstance(one, ast.Constant) and one.value}
    assert {"order-ended", "draft-superseded", "extension-widens"} <= whys - {extending.why_no_extension.__doc__}
    assert whys - {extending.why_no_extension.__doc__, 1} <= REASONS.keys(), "a draft closes itself with one of these"
    assert reason_said("edited-by:sato") == "satoが直した。ほかの人の承認が要る"


def test_whatever_holds_a_document_has_words() -> None:
    written: set[str] = set()
    for module in (lifecycle, references, series, settlement):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and any(isinstance(a, ast.Attribute) and a.attr == "HELD" for a in node.args):
                written |= {str(a.value) for a in node.args if isinstance(a, ast.Constant) and "-" in str(a.value)}
    codes = {code for code in written if " " not in code} | {
        f"policy-{Release.DRAFT.value}",
        "update-without-references",
    }
    assert {"drill-words-under-actual", "identifier-conflict", "revision-conflict", "area-not-in-table"} <= codes
    assert codes <= HELD.keys()
    assert "訓練の言葉" in held_said("drill-words-under-actual")
    assert "XMLとして読めない" in unreadable_said("xml-malformed")
    assert "<b>" not in held_said("<b>") + unreadable_said("<b>")


def test_a_rule_of_the_policy_is_called_by_its_name_and_nothing_is_taken_as_markup() -> None:
    assert "river-forecast" in reason_said("river-forecast")
    assert "<b>" not in reason_said("<b>")
    assert "<b>" not in service_said("https://<b>.example")


@pytest.mark.parametrize("host", DEFAULT_PUSH_HOSTS)
def test_every_push_service_is_named_by_whom_it_reaches(host: str) -> None:
    said = service_said(f"https://{host.removeprefix('.') if not host.startswith('.') else 'one' + host}")
    assert any(people in said for people in SERVICES.values())


def test_a_service_that_only_looks_like_one_is_called_by_its_host() -> None:
    assert service_said("https://fcm.googleapis.com.evil.example") == "fcm.googleapis.com.evil.example"
