"""What a process needs so that residents may sign up: keys, a way to send, the topic, and the roll.

Without the keys the pages work and nobody can sign up: the process that shows what is in force then
holds no secret at all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alerts.place import Cell
from api.http.metrics import ApiMetrics
from api.http.rate import RateLimit
from api.http.reader import TopicReader
from api.residents.postman import Postman
from api.residents.proof import Proofs
from api.residents.roll import TOPICS, Roll, read_at
from api.residents.sign_up import SignUp
from dispatch.curl import CurlSender
from dispatch.secret_file import read_secret
from dispatch.settings import DispatchSettings
from dispatch.subscription import SealKeys
from dispatch.vapid import FIRST_DRILL_KEY, Vapid, keys_of_lanes
from geo.areas import AreaTable
from streams.brokers.client import Producer
from streams.settings import SettingMissing

# One household behind one address signs up a few phones; a school on its evacuation day some hundred in an hour.
_BURST = 30
_PER_MINUTE = 10.0
# Welcomes that wait for a push service; a rush has one place each and the rest waits in the queue.
_MOST_IN_FLIGHT = 200
_NEEDED = ("SHIRASE_SEAL_KEY", "SHIRASE_VAPID_KEY", "SHIRASE_SIGNUP_SECRET", "SHIRASE_VAPID_SUBJECT")


@dataclass(frozen=True, slots=True)
class JoiningSettings:
    """Where the secrets of signing up are. Read from the environment once, by the process that starts."""

    seal_key: Path
    """Key file that seals the values of `subscriptions`, 0600."""

    vapid_key: Path
    """VAPID private key file, 0600: the key that browsers subscribe with."""

    signup_secret: Path
    """32 random bytes, 0600, the same in every process: makes proofs and row numbers."""

    vapid_subject: str
    """Contact that push services see (RFC 8292, 2.1)."""

    site_url: str
    """Address of the residents' pages, to which pushes link; ends in a slash."""

    drill_vapid_key: Path | None = None
    """VAPID private key file of drills, 0600; without it nobody can sign up for drills."""

    push_ca: str = ""
    """CA file for the push services; empty for the system's."""

    push_origins: tuple[str, ...] = ()
    """Extra push origins allowed: the stub's, in tests and demos only."""


def joining_settings(environment: Mapping[str, str]) -> JoiningSettings | None:
    """Return the settings, or None where none of them is set: then nobody can sign up.

    Raises:
        SettingMissing: some are set and others are not, which is never meant.
    """
    given = [name for name in _NEEDED if environment.get(name)]
    if not given:
        return None
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise SettingMissing(f"{', '.join(missing)} not set: make the files with `shirase keys`, or set none of them")
    site_url = environment.get("SHIRASE_SITE_URL", "")
    if not site_url.endswith("/"):
        raise SettingMissing("SHIRASE_SITE_URL is not set, or does not end in a slash: every push links to it")
    return JoiningSettings(
        seal_key=Path(environment["SHIRASE_SEAL_KEY"]),
        vapid_key=Path(environment["SHIRASE_VAPID_KEY"]),
        signup_secret=Path(environment["SHIRASE_SIGNUP_SECRET"]),
        vapid_subject=environment["SHIRASE_VAPID_SUBJECT"],
        site_url=site_url,
        drill_vapid_key=Path(drill) if (drill := environment.get("SHIRASE_DRILL_VAPID_KEY", "")) else None,
        push_ca=environment.get("SHIRASE_PUSH_CA", ""),
        push_origins=tuple(origin for origin in environment.get("SHIRASE_PUSH_ORIGINS", "").split(",") if origin),
    )


class Joining:
    """Everything behind `/subscriptions`; its threads run between `running`'s start and end."""

    def __init__(self, bootstrap: str, settings: JoiningSettings, table: AreaTable | None, metrics: ApiMetrics) -> None:
        dispatch = DispatchSettings(
            max_in_flight=_MOST_IN_FLIGHT,
            extra_origins=settings.push_origins,
            ca_file=settings.push_ca,
            vapid_subject=settings.vapid_subject,
            site_url=settings.site_url,
        )
        keys = keys_of_lanes(settings.vapid_key, settings.drill_vapid_key)
        drill = keys.get(FIRST_DRILL_KEY)
        roll = Roll()
        self._reader = TopicReader(bootstrap, TOPICS, roll.apply, metrics)
        self._producer = Producer(bootstrap)
        self._postman = Postman(lambda: CurlSender(dispatch), Vapid(keys, settings.vapid_subject), dispatch)
        self.sign_up = SignUp(
            proofs=Proofs(read_secret(settings.signup_secret)),
            keys=SealKeys.load(settings.seal_key),
            settings=dispatch,
            postman=self._postman,
            producer=self._producer,
            roll=roll,
            read_at=lambda partition, offset: read_at(bootstrap, partition, offset),
            ward_of=lambda cell: _ward_of(table, cell),
            vapid_public=keys[0].public_text,
            drill_public="" if drill is None else drill.public_text,
            limit=RateLimit(_BURST, _PER_MINUTE),
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Read the topic and send while the block lasts."""
        self._reader.start()
        self._postman.start()
        try:
            yield
        finally:
            self._postman.stop()
            self._reader.stop()
            self._producer.close()


def _ward_of(table: AreaTable | None, cell: Cell) -> str:
    """Return the code of the municipality that most of *cell* lies in: whom the ward's meter counts (R25)."""
    found = () if table is None else table.area_at(cell)
    return found[0].code if found else ""
