"""Which passkeys an account has: beside the accounts in their file, public keys and counters only.

A stolen copy of it signs nobody in. Direction of safety: a counter that stands still or goes back means that
there are two of a key, and both are refused until a person has looked.
"""

import secrets
import sqlite3
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from api.officers.accounts import BUSY_SECONDS
from api.officers.passkeys import Made, PasskeyRefused

MOST_PASSKEYS = 10
LONGEST_LABEL = 40
_HANDLE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of an account. Times are seconds since 1970; `used_at` 0 is never."""

    id: bytes
    label: str
    synced: bool
    made_at: int
    used_at: int


class PasskeyStore:
    """The store; *path* is the file of the accounts, which has made its tables."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._db = sqlite3.connect(path, busy_seconds, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        # As for the accounts: each page asks whether its reader has one, and waits for no writer.
        self._seen = sqlite3.connect(path, 0, check_same_thread=False, isolation_level=None)
        self._looking = threading.Lock()
        with self._lock:
            self._db.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        """Close the file."""
        self._seen.close()
        self._db.close()

    def handle(self, name: str) -> bytes:
        """Return what a device knows the account *name* by: random, so that a lost key names nobody."""
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO passkey_handle VALUES (?,?)", (name, secrets.token_bytes(_HANDLE_BYTES))
            )
            row = self._db.execute("SELECT handle FROM passkey_handle WHERE name = ?", (name,)).fetchone()
        return bytes(row[0])

    def of(self, name: str) -> tuple[Passkey, ...]:
        """Return the passkeys of *name*, the oldest first."""
        with self._looking:
            rows = self._seen.execute(
                "SELECT id, label, synced, made_at, used_at FROM passkey WHERE name = ? ORDER BY made_at, label",
                (name,),
            ).fetchall()
        return tuple(Passkey(bytes(id_), label, bool(synced), made, used) for id_, label, synced, made, used in rows)

    def may_add(self, name: str, label: str, made: Made) -> None:
        """Raise `PasskeyRefused` where `add` would: what cannot be done is not written down as done."""
        label = label_of(label)
        with self._lock:
            labels = [row[0] for row in self._db.execute("SELECT label FROM passkey WHERE name = ?", (name,))]
            known = self._db.execute("SELECT 1 FROM passkey WHERE id = ?", (made.id,)).fetchone()
        if known is not None:
            raise PasskeyRefused("passkey-known")
        if len(labels) >= MOST_PASSKEYS:
            raise PasskeyRefused("passkey-too-many")
        if label in labels:
            raise PasskeyRefused("passkey-label-taken")

    def add(self, name: str, label: str, made: Made, at: int) -> None:
        """Keep a new passkey under *label*; raises `PasskeyRefused`."""
        self.may_add(name, label, made)
        values = (made.id, name, label_of(label), made.public_key, made.sign_count, int(made.synced), at)
        with self._lock:
            try:
                self._db.execute("INSERT INTO passkey VALUES (?,?,?,?,?,?,?,0)", values)
            except sqlite3.IntegrityError:
                raise PasskeyRefused("passkey-known") from None

    def owner(self, identifier: bytes, user: bytes) -> tuple[str, str, bytes]:
        """Return account, label and public key of an active account's passkey; raises `PasskeyRefused`."""
        with self._looking:
            row = self._seen.execute(
                "SELECT p.name, p.label, p.public_key, a.disabled, h.handle FROM passkey p"
                " JOIN account a ON a.name = p.name JOIN passkey_handle h ON h.name = p.name WHERE p.id = ?",
                (identifier,),
            ).fetchone()
        if row is None:
            raise PasskeyRefused("passkey-unknown")
        if row[3]:
            raise PasskeyRefused("account-disabled")
        if user and not secrets.compare_digest(user, bytes(row[4])):
            raise PasskeyRefused("passkey-other-user")
        return str(row[0]), str(row[1]), bytes(row[2])

    def used(self, identifier: bytes, count: int, at: int) -> None:
        """Write the new counter; raises `PasskeyRefused` for one that stands still or went back.

        Devices that do not count always say 0, and go on saying so.
        """
        with self._lock:
            moved = self._db.execute(
                "UPDATE passkey SET sign_count = ?, used_at = ? WHERE id = ?"
                " AND (sign_count < ? OR (sign_count = 0 AND ? = 0))",
                (count, at, identifier, count, count),
            ).rowcount
        if not moved:
            raise PasskeyRefused("passkey-counter-back")

    def may_remove(self, name: str, identifier: bytes) -> str:
        """Return the label of *name*'s passkey; raises `PasskeyRefused` where it is not hers or her last factor."""
        with self._lock:
            mine = self._db.execute("SELECT id, label FROM passkey WHERE name = ?", (name,)).fetchall()
            code = self._db.execute("SELECT totp FROM account WHERE name = ?", (name,)).fetchone()
        label = next((str(label) for id_, label in mine if bytes(id_) == identifier), None)
        if label is None:
            raise PasskeyRefused("passkey-unknown")
        if not code[0] and len(mine) == 1:
            raise PasskeyRefused("passkey-last-factor")
        return label

    def remove(self, name: str, identifier: bytes) -> None:
        """Forget a passkey of *name*; two at once never remove the last factor. Raises `PasskeyRefused`."""
        self.may_remove(name, identifier)
        with self._lock:
            gone = self._db.execute(
                "DELETE FROM passkey WHERE id = ? AND name = ? AND ((SELECT totp FROM account WHERE name = ?) <> ''"
                " OR (SELECT count(*) FROM passkey WHERE name = ?) > 1)",
                (identifier, name, name, name),
            ).rowcount
        if not gone:
            raise PasskeyRefused("passkey-last-factor")


def label_of(text: str) -> str:
    """Return what a passkey is called; raises `PasskeyRefused` for nothing, too much, or what is no text."""
    label = " ".join(unicodedata.normalize("NFKC", text).split())
    if not 1 <= len(label) <= LONGEST_LABEL or not label.isprintable():
        raise PasskeyRefused("passkey-label")
    return label
