"""The event loop waits for nothing: a route that is a coroutine hands what blocks to a thread (docs/decisions)."""

import ast
from collections.abc import Iterator

from tests.house.conftest import PROJECT

# What waits for a broker, for the file of the accounts, or for another process.
BLOCKING = (
    ".write_down", ".command", ".did", ".session", ".result", ".foresee", "codes.take", "codes.give_pass",
    "accounts.sign_in", "accounts.sign_in_named", "accounts.sign_out", "accounts.begin", "accounts.listed",
    "accounts.tied_to", "accounts.take_code", "store.of", "store.add", "store.remove", "store.owner", "store.used",
    "store.handle", "duty.store", "sign_up.store", "sign_up.stored", "taker.take", "reports.take", "oidc.begin",
    "oidc.back", "_refused",
)  # fmt: skip


def _called_on_the_loop(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef):
            yield from (ast.unparse(call.func) for call in _calls(node))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.Lambda):
            continue  # called by whoever is given it
        if isinstance(child, ast.Call):
            yield child
        yield from _calls(child)


def test_no_coroutine_of_a_door_calls_what_blocks() -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {name}"
        for path in sorted((PROJECT / "api").rglob("*.py"))
        for name in _called_on_the_loop(ast.parse(path.read_text(encoding="utf-8")))
        if name.endswith(BLOCKING)
    ]
    assert found == []


def test_the_rule_sees_what_it_forbids() -> None:
    tree = ast.parse("async def a():\n    session = office.session(t)\n    await in_a_thread(office.session, t)\n")
    assert [name for name in _called_on_the_loop(tree) if name.endswith(BLOCKING)] == ["office.session"]
