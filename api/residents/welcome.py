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
from streams.notices.drill import as_drill

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

# Of drills: each is marked as the drills will be, and says that what is real comes apart from them.
DRILL_TEXTS: tuple[Text, ...] = tuple(
    map(
        as_drill,
        (
            Text("ja", "届きました", "訓練の通知は、この形で届きます。本当の知らせは、別に届きます。"),
            Text(
                "ja-Hira",
                "とどきました",
                "くんれんの つうちは、このように とどきます。ほんとうの しらせは、べつに とどきます。",
            ),
            Text("en", "it reached you", "Drills will look like this. Real alerts come apart from them."),
            Text("zh-Hans", "已收到", "演习通知以此方式送达。真实通知另行送达。"),
            Text("ko", "도착했습니다", "훈련 알림은 이렇게 옵니다. 실제 알림은 따로 전달됩니다."),
        ),
    )
)


def welcome(language: str, identifier: bytes, proof: bytes, site_url: str, *, drill: bool) -> tuple[bytes, int]:
    """Return the payload and the size it is padded to; of a *drill* it says so before everything else."""
    text = text_for(DRILL_TEXTS if drill else TEXTS, language)
    lane = {"lane": Lane.DRILL.value} if drill else {}
    plain = {
        "web_push": 8030,
        "notification": {
            "title": text.title,
            "body": text.body,
            "lang": text.language,
            "navigate": f"{site_url}signup{'#drilling' if drill else ''}",
            "tag": "drill-welcome" if drill else "welcome",
        },
        "shirase": {"v": 1, "kind": 0, **lane, "id": encode(identifier), "proof": encode(proof)},
    }
    payload = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return payload, next(size for size in PADDED_SIZES if size >= len(payload))


def welcome_urgency() -> str:
    """Return the Urgency of the welcome: its reader looks at the page, and the phone is awake."""
    return urgency_of(Lane.ROUTINE, Level.CHECK_ACTION)
