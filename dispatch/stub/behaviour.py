"""Say how the stub answers: which requests, and with what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from zlib import crc32

from dispatch.stub.errors import BehaviourMalformed

BIG_REPLY_BYTES = 50 * 1024 * 1024


class Act(StrEnum):
    """What happens to a request that a rule matches."""

    ANSWER = "answer"
    HANG = "hang"  # no answer, the stream stays open
    RESET = "reset"  # the stream is reset; over HTTP/1.1 the connection is dropped
    CLOSE = "close"  # the connection is dropped with all its streams
    REDIRECT = "redirect"
    BIG_REPLY = "big-reply"
    DRIP = "drip"  # the reply comes one byte at a time


DEFAULT_STATUS = {Act.ANSWER: 201, Act.REDIRECT: 307, Act.BIG_REPLY: 201, Act.DRIP: 201}


@dataclass(frozen=True, slots=True)
class Rule:
    """One behaviour and the requests that it is for.

    `share` chooses tokens, not requests, and always the same ones: a retry meets the same answer unless
    `first` ends it after that many requests of the token. No tokens and no origin mean all of them.
    `status` 0 means the one that belongs to the act.
    """

    act: Act
    tokens: frozenset[str] = frozenset()
    share: float = 1.0
    first: int = 0
    origin: str = ""
    status: int = 0
    retry_after_seconds: int = 0
    delay_seconds: float = 0.0
    reply_bytes: int = BIG_REPLY_BYTES
    location: str = ""

    @property
    def answered(self) -> int:
        """Return the status that the log shows: 0 when no answer is ever given."""
        return self.status or DEFAULT_STATUS.get(self.act, 0)


class Behaviours:
    """Keep the rules in force; the first that matches decides."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._met: Counter[tuple[int, str]] = Counter()
        self.tell(rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules in force."""
        return self._rules

    def tell(self, rules: Sequence[Rule]) -> None:
        """Replace all rules, and forget how often each was met."""
        self._rules = tuple(rules)
        self._met.clear()

    def rule_for(self, origin: str, token: str) -> Rule | None:
        """Return the rule for this request, and count it; None means 201 at once."""
        for place, rule in enumerate(self._rules):
            if rule.tokens and token not in rule.tokens:
                continue
            if rule.origin and rule.origin != origin:
                continue
            if rule.share < 1.0 and crc32(token.encode()) >= rule.share * 2**32:
                continue
            if rule.first:
                if self._met[place, token] >= rule.first:
                    continue
                self._met[place, token] += 1
            return rule
        return None


def rules_from_plain(plain: object) -> tuple[Rule, ...]:
    """Read rules from `{"rules": [...]}`; raise BehaviourMalformed naming what is wrong."""
    if not isinstance(plain, Mapping) or not isinstance(plain.get("rules"), list):
        raise BehaviourMalformed('behaviour is an object with a list "rules"')
    return tuple(_rule_from_plain(item) for item in plain["rules"])


def rules_to_plain(rules: Sequence[Rule]) -> dict[str, object]:
    """Return what `rules_from_plain` reads."""
    plain: list[dict[str, object]] = []
    for rule in rules:
        values = {field.name: getattr(rule, field.name) for field in fields(rule)}
        plain.append(values | {"act": rule.act.value, "tokens": sorted(rule.tokens)})
    return {"rules": plain}


def _rule_from_plain(item: object) -> Rule:
    if not isinstance(item, Mapping):
        raise BehaviourMalformed("a rule is an object")
    known = {field.name for field in fields(Rule)}
    unknown = sorted(set(item) - known)
    if unknown:
        raise BehaviourMalformed(f"unknown field in a rule: {unknown[0]}")
    try:
        act = Act(item["act"])
    except (KeyError, ValueError):
        raise BehaviourMalformed(f"act is one of {', '.join(Act)}") from None
    try:
        return Rule(
            act=act,
            tokens=frozenset(str(token) for token in item.get("tokens", ())),
            share=float(item.get("share", 1.0)),
            first=int(item.get("first", 0)),
            origin=str(item.get("origin", "")),
            status=int(item.get("status", 0)),
            retry_after_seconds=int(item.get("retry_after_seconds", 0)),
            delay_seconds=float(item.get("delay_seconds", 0.0)),
            reply_bytes=int(item.get("reply_bytes", BIG_REPLY_BYTES)),
            location=str(item.get("location", "")),
        )
    except (TypeError, ValueError) as error:
        raise BehaviourMalformed(f"a value in a rule has the wrong type: {error}") from error
