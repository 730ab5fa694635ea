"""Two administrators for what one must not do alone: widening the policy, and granting "approver" (R24)."""

from collections.abc import Callable, Sequence

from api.officers.accounts import Accounts, Role

NEEDED = 2


class NotTwo(ValueError):
    """Say why the two administrators are not two, or not administrators."""


def administrators_in(store: Accounts) -> frozenset[str]:
    """Return the names of the active administrators of *store*."""
    return frozenset(
        account.name for account, disabled in store.listed() if account.role is Role.ADMINISTRATOR and not disabled
    )


def prove_two(store: Accounts, names: Sequence[str], code_of: Callable[[str], str], at: int) -> None:
    """Take a code of the second factor of each of *names*: two different administrators. Raises `NotTwo`.

    Each code is used up, as at the console; a sealed one will do where the telephone does not.
    """
    if len(set(names)) != NEEDED or len(names) != NEEDED:
        raise NotTwo("two different administrators are needed: name both with --administrator")
    known = administrators_in(store)
    for name in names:
        if name not in known:
            raise NotTwo(f"{name} is no active administrator of these accounts")
    for name in names:
        refused = store.take_code(name, code_of(name), at)
        if refused is not None:
            raise NotTwo(f"{name}: {refused.value}")
