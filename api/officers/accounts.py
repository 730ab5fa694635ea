"""Coordinators' accounts and sessions: SQLite beside the console, one writer, nothing about residents in it.

There is no default account and no default password. An account has a password (Argon2id, RFC 9106) and a
second factor by time (TOTP, RFC 6238); a code is taken once. Sessions are short, and sending asks for a
fresh code, so that a screen that was left alone cannot alert a city.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from streams.settings import SettingMissing

EVERY_WARD = "*"
# Another process (`shirase accounts`) writes for milliseconds; a disk that is that slow is a fault that is said.
BUSY_SECONDS = 5.0
# Short enough for a screen that was left alone, long enough for a night with breaks: each request prolongs it.
IDLE_SECONDS = 30 * 60
# A shift: after this everybody signs in again.
LONGEST_SECONDS = 12 * 3600
# How exactly the last request is kept: a page that asks every three seconds would write to the disk each time.
_SEEN_STEP_SECONDS = 15
SHORTEST_PASSWORD = 12
_STEP_SECONDS = 30
# A phone's clock may be one step off.
_STEPS_OFF = 1
SEALED_CODES = 10
# 60 bits: a sheet lies in an envelope for a year. Letters that a tired hand writes alike are left out.
_SEALED_LETTERS, _SEALED_LENGTH = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 12


class Role(StrEnum):
    """What an account may do; each includes the one before."""

    DRAFTER = "drafter"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class SignInRefused(StrEnum):
    """Why nobody is signed in. What a person reads does not tell the first three apart."""

    UNKNOWN = "account-unknown"
    FIRST_FACTOR = "first-factor-wrong"
    SECOND_FACTOR = "second-factor-wrong"
    USED = "second-factor-used"
    DISABLED = "account-disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """One person at the console. `wards` are class20 codes, or `*` for the metropolitan role."""

    name: str
    role: Role
    wards: frozenset[str]

    @property
    def everywhere(self) -> bool:
        """Say whether this is a metropolitan account."""
        return EVERY_WARD in self.wards


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account; `csrf` is the word that its forms carry."""

    account: Account
    csrf: str


class AccountExists(ValueError):
    """There is an account of this name; a name is never given twice, or the audit trail would lie."""


_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, wards TEXT NOT NULL, password TEXT NOT NULL, totp TEXT NOT NULL,
    last_step INTEGER NOT NULL DEFAULT 0, disabled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS session (
    token BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account(name), csrf TEXT NOT NULL,
    begun_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sealed (
    code BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account(name)
) STRICT;
CREATE TABLE IF NOT EXISTS identity (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL REFERENCES account(name),
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE TABLE IF NOT EXISTS passkey (
    id BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account(name), label TEXT NOT NULL, public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL, synced INTEGER NOT NULL, made_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, label)
) STRICT;
CREATE TABLE IF NOT EXISTS passkey_handle (
    name TEXT PRIMARY KEY REFERENCES account(name), handle BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS browser_key (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL) STRICT;
"""


class Accounts:
    """The store. Times are seconds since 1970, given by the caller."""

    def __init__(self, path: Path, hasher: PasswordHasher | None = None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        """*busy_seconds* is how long a write waits for another process that writes."""
        # The file holds the second factors: it is made for its owner only, before SQLite opens it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._db = sqlite3.connect(path, busy_seconds, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        with self._lock:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA foreign_keys=ON")
                self._db.executescript(_SCHEMA)
            except sqlite3.DatabaseError as error:
                self._db.close()
                raise SettingMissing(f"{path} is not the file of `shirase accounts`: {error}") from error
            self._db.execute("INSERT OR IGNORE INTO browser_key VALUES (1, ?)", (secrets.token_bytes(32),))
            self.browser_key = bytes(self._db.execute("SELECT value FROM browser_key").fetchone()[0])
        # Every page asks who looks at it: in WAL who reads waits for no writer, of this process or another.
        self._seen = sqlite3.connect(path, 0, check_same_thread=False, isolation_level=None)
        self._looking = threading.Lock()
        self._hasher = hasher or PasswordHasher()
        self.on_sealed: Callable[[str, int], None] = lambda _name, _left: None
        """Called with the account and how many codes are left whenever a sealed one was used: it is never quiet."""
        # Compared with where there is no account, so that a missing one takes as long as a wrong password.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def close(self) -> None:
        """Close the file."""
        self._seen.close()
        self._db.close()

    def add(self, name: str, role: Role, wards: frozenset[str], password: str) -> str:
        """Make an account and return the key for its authenticator app. Raises AccountExists, ValueError."""
        self.refuse_unfit(name, wards, password)
        key = pyotp.random_base32()
        values = (name, role.value, json.dumps(sorted(wards)), self._hasher.hash(password), key)
        with self._lock:
            try:
                self._db.execute("INSERT INTO account (name, role, wards, password, totp) VALUES (?,?,?,?,?)", values)
            except sqlite3.IntegrityError:
                raise AccountExists(name) from None
        return key

    def refuse_unfit(self, name: str, wards: frozenset[str], password: str) -> None:
        """Raise what `add` would, and add nothing: no code is used up for an account that cannot be made."""
        if not name.isidentifier() or len(name) > 40:
            raise ValueError("a name has letters, digits and _, and begins with a letter")
        if len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"a password has {SHORTEST_PASSWORD} characters or more")
        if not wards:
            raise ValueError("an account has a ward, or * for all of them")
        if any(account.name == name for account, _ in self.listed()):
            raise AccountExists(name)

    def disable(self, name: str) -> bool:
        """End an account and all its sessions; say whether there was one."""
        with self._lock:
            self._db.execute("DELETE FROM session WHERE name = ?", (name,))
            return self._db.execute("UPDATE account SET disabled = 1 WHERE name = ?", (name,)).rowcount == 1

    def listed(self) -> tuple[tuple[Account, bool], ...]:
        """Return every account, and whether it is disabled."""
        with self._looking:
            rows = self._seen.execute("SELECT name, role, wards, disabled FROM account ORDER BY name").fetchall()
        return tuple((_account(name, role, wards), bool(disabled)) for name, role, wards, disabled in rows)

    def sign_in(self, name: str, password: str, code: str, at: int) -> tuple[str, Session] | SignInRefused:
        """Return a session's token and the session, or why there is none."""
        with self._lock:
            row = self._db.execute(
                "SELECT role, wards, password, disabled FROM account WHERE name = ?", (name,)
            ).fetchone()
        right = self._is_password(row[2] if row else self._nobody, password)
        if row is None:
            return SignInRefused.UNKNOWN
        if row[3]:
            return SignInRefused.DISABLED
        if not right:
            return SignInRefused.FIRST_FACTOR
        return self.sign_in_named(name, code, at)

    def sign_in_named(self, name: str, code: str, at: int) -> tuple[str, Session] | SignInRefused:
        """Begin a session of *name*, whose first factor was proved already: by a password or by a provider."""
        refused = self.take_code(name, code, at)
        return refused if refused is not None else self.begin(name, at)

    def begin(self, name: str, at: int) -> tuple[str, Session] | SignInRefused:
        """Begin a session of *name*, who has proved both factors."""
        with self._lock:
            row = self._db.execute(
                "SELECT role, wards FROM account WHERE name = ? AND disabled = 0", (name,)
            ).fetchone()
            if row is None:
                return SignInRefused.DISABLED
            session = Session(_account(name, row[0], row[1]), secrets.token_urlsafe(16))
            token = secrets.token_urlsafe(32)
            self._db.execute(
                "INSERT INTO session (token, name, csrf, begun_at, seen_at) VALUES (?,?,?,?,?)",
                (_hash(token), name, session.csrf, at, at),
            )
        return token, session

    def end_code(self, name: str) -> bool:
        """End the key of *name*'s authenticator app, e.g. when her telephone was lost; say whether it was ended.

        Not where it is her last factor: she has a passkey first.
        """
        with self._lock:
            return (
                self._db.execute(
                    "UPDATE account SET totp = '' WHERE name = ? AND totp <> ''"
                    " AND EXISTS (SELECT 1 FROM passkey p WHERE p.name = account.name)",
                    (name,),
                ).rowcount
                == 1
            )

    def tie(self, name: str, issuer: str, subject: str) -> bool:
        """Let *subject* of the provider *issuer* sign in as *name*; say whether there is such an account.

        Raises AccountExists where the subject is another account's: a person is one account.
        """
        with self._lock:
            if self._db.execute("SELECT 1 FROM account WHERE name = ?", (name,)).fetchone() is None:
                return False
            known = self._db.execute(
                "SELECT name FROM identity WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
            if known is not None and known[0] != name:
                raise AccountExists(known[0])
            self._db.execute(
                "INSERT OR IGNORE INTO identity (issuer, subject, name) VALUES (?,?,?)", (issuer, subject, name)
            )
        return True

    def tied_to(self, issuer: str, subject: str) -> str | None:
        """Return the active account that *subject* of *issuer* signs in as, None where there is none."""
        with self._looking:
            row = self._seen.execute(
                "SELECT i.name FROM identity i JOIN account a ON a.name = i.name"
                " WHERE i.issuer = ? AND i.subject = ? AND a.disabled = 0",
                (issuer, subject),
            ).fetchone()
        return None if row is None else str(row[0])

    def seal(self, name: str) -> tuple[str, ...] | None:
        """Return a new sheet of one-time codes for *name*, None where there is no account; the old sheet ends.

        For the night on which neither the provider nor an officer's telephone works (R18). Only hashes are kept.
        """
        codes = tuple(
            "".join(secrets.choice(_SEALED_LETTERS) for _ in range(_SEALED_LENGTH)) for _ in range(SEALED_CODES)
        )
        with self._lock:
            if self._db.execute("SELECT 1 FROM account WHERE name = ? AND disabled = 0", (name,)).fetchone() is None:
                return None
            self._db.execute("DELETE FROM sealed WHERE name = ?", (name,))
            self._db.executemany(
                "INSERT INTO sealed (code, name) VALUES (?,?)", [(_hash(f"{name} {code}"), name) for code in codes]
            )
        return tuple("-".join(code[at : at + 4] for at in range(0, _SEALED_LENGTH, 4)) for code in codes)

    def _take_sealed(self, name: str, given: str) -> bool:
        code = given.replace("-", "").replace(" ", "").upper()
        if len(code) != _SEALED_LENGTH:
            return False
        with self._lock:
            used = self._db.execute(
                "DELETE FROM sealed WHERE code = ? AND name IN (SELECT name FROM account WHERE disabled = 0)",
                (_hash(f"{name} {code}"),),
            ).rowcount
            left = self._db.execute("SELECT count(*) FROM sealed WHERE name = ?", (name,)).fetchone()[0]
        if used:
            self.on_sealed(name, int(left))
        return used == 1

    def take_code(self, name: str, code: str, at: int) -> SignInRefused | None:
        """Use up a code of the second factor; each is taken once (RFC 6238, 5.2). None when it was right."""
        if self._take_sealed(name, unicodedata.normalize("NFKC", code).strip()):
            return None
        with self._lock:
            row = self._db.execute(
                "SELECT totp, last_step FROM account WHERE name = ? AND disabled = 0", (name,)
            ).fetchone()
            if row is None:
                return SignInRefused.UNKNOWN
            if not row[0]:
                return SignInRefused.SECOND_FACTOR
            totp, last_step = pyotp.TOTP(row[0]), int(row[1])
            # Full-width digits are what a Japanese keyboard gives first.
            given = unicodedata.normalize("NFKC", code).strip().encode()
            now = at // _STEP_SECONDS
            for step in range(now - _STEPS_OFF, now + _STEPS_OFF + 1):
                if not secrets.compare_digest(totp.at(step * _STEP_SECONDS).encode(), given):
                    continue
                if step <= last_step:
                    return SignInRefused.USED
                self._db.execute("UPDATE account SET last_step = ? WHERE name = ?", (step, name))
                return None
        return SignInRefused.SECOND_FACTOR

    def session(self, token: str, at: int) -> Session | None:
        """Return the session of *token* and prolong it, or None when it is over or was never one.

        It is prolonged in steps: pages that ask again by themselves would write to the disk each time. An idle one ends
        a step too early at most; while another process writes it is prolonged by a later request.
        """
        with self._looking:
            row = self._seen.execute(
                "SELECT s.name, a.role, a.wards, s.csrf, s.begun_at, s.seen_at FROM session s JOIN account a"
                " ON a.name = s.name WHERE s.token = ? AND a.disabled = 0",
                (_hash(token),),
            ).fetchone()
            if row is None:
                return None
            name, role, wards, csrf, begun_at, seen_at = row
            if at - seen_at > IDLE_SECONDS or at - begun_at > LONGEST_SECONDS:
                self._try("DELETE FROM session WHERE token = ?", _hash(token))
                return None
            if at - seen_at >= _SEEN_STEP_SECONDS:
                self._try("UPDATE session SET seen_at = ? WHERE token = ?", at, _hash(token))
        return Session(_account(name, role, wards), csrf)

    def _try(self, statement: str, *values: object) -> None:
        """Write what may as well be written by the next request: where another process writes it is left."""
        with suppress(sqlite3.OperationalError):
            self._seen.execute(statement, values)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._db.execute("DELETE FROM session WHERE token = ?", (_hash(token),))

    def _is_password(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _account(name: str, role: str, wards: str) -> Account:
    return Account(name, Role(role), frozenset(json.loads(wards)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
