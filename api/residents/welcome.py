"""The first push to a browser: it shows something, and carries the proof that its worker sends back.

A subscription is active only after it came back, so that a wrong key, a blocked permission or a dead
address shows at once and not in a disaster.
"""

import json

from alerts.claim import Lane
from alerts.level import Level
from alerts.notice import Text
from dispatch.message import PADDED_SIZES, text_for, urgency_of
from dispatch.vapid import encode

# A phone that is off for longer signs up again when its page is opened.
WELCOME_TTL_SECONDS = 600

TEXTS: tuple[Text, ...] = (
    Text("ja", "知らせ：届きました", "このまま待つと登録が終わります。危険が予測されたとき、この形でお知らせします。"),
    Text(
        "ja-Hira",
        "知らせ：とどきました",
        "すこし まつと とうろくが おわります。あぶない ときは このように しらせます。",
    ),
    Text(
        "en", "Shirase: it reached you", "Your sign-up finishes by itself. Alerts for your places will look like this."
    ),
    Text("zh-Hans", "知らせ：已收到", "登记将自动完成。您关注的地点有危险时，会以此方式通知您。"),
    Text("ko", "시라세: 도착했습니다", "등록이 자동으로 완료됩니다. 등록한 장소가 위험하면 이렇게 알려 드립니다."),
)


def welcome(language: str, identifier: bytes, proof: bytes, site_url: str) -> tuple[bytes, int]:
    """Return the payload and the size it is padded to."""
    text = text_for(TEXTS, language)
    plain = {
        "web_push": 8030,
        "notification": {
            "title": text.title,
            "body": text.body,
            "lang": text.language,
            "navigate": f"{site_url}signup",
            "tag": "welcome",
        },
        "shirase": {"v": 1, "kind": 0, "id": encode(identifier), "proof": encode(proof)},
    }
    payload = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return payload, next(size for size in PADDED_SIZES if size >= len(payload))


def welcome_urgency() -> str:
    """Return the Urgency of the welcome: its reader looks at the page, and the phone is awake."""
    return urgency_of(Lane.ROUTINE, Level.CHECK_ACTION)
