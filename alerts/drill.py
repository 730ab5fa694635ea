"""Drills leave the live path at the first step; drill words under status Actual stop a message.

Hino 2024 and Edogawa 2026 published drills as real, because the coded status said so and only the
text said otherwise. Where code and text disagree a person decides.
"""

import re
import unicodedata
from collections.abc import Iterable

from alerts.alert import Alert
from alerts.cap import Status

# 試験 is also an ordinary word: 試験的, 入学試験, 試験場, 試験所, 試験湛水. What a test telegram says is a short list.
_DRILL = re.compile(
    r"訓練"
    r"|テスト(?:配信|送信|放送|発信|電文|メール|通知|です)"
    r"|試験(?:配信|送信|放送|発信|電文|通報|報|です|用電文)"
    r"|[【（(「\[〔<＜《]\s*(?:試験|テスト)\s*[】）)」\]〕>＞》]"
    r"|^\s*(?:試験|テスト)\s*$"
    r"|これは(?:試験|テスト)"
    # Whole words only: "contest", "latest", "drilling" are not drills.
    r"|くんれん|演习|훈련|测试(?:信息|消息|通知|发送)|这是测试|테스트\s*(?:발송|전송|메시지|알림|입니다)"
    r"|(?<![A-Za-z0-9_])(?:TEST|TESTING|DRILL|DRILLS|EXERCISE)(?![A-Za-z0-9_])",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_A_DRILL = re.compile(
    # What people do in ordinary sentences: take a test, exercise caution, run a drill rig.
    r"訓練所|訓練校|訓練センター|訓練施設|職業訓練"
    r"|훈련소|훈련원|직업\s*훈련"
    r"|(?<![A-Za-z0-9_])exercise\s+(?:\w+\s+)?(?:caution|care|restraint|judg)"
    r"|(?<![A-Za-z0-9_])to\s+exercise(?![A-Za-z0-9_])"
    r"|(?<![A-Za-z0-9_])drill\s+(?:rig|site|hole)",
    re.IGNORECASE,
)


def is_live_status(status: Status) -> bool:
    """Return whether *status* lets a message reach the live path at all (CAP 1.2, 3.2.1)."""
    return status is Status.ACTUAL


def drill_words(texts: Iterable[str]) -> str | None:
    """Return the first word of *texts* that says drill or test, or None.

    Errs towards finding one: a held warning pages a person, a drill told as real wakes a city.
    """
    for text in texts:
        # Full-width letters are the same words: ＴＥＳＴ.
        found = _DRILL.search(_NOT_A_DRILL.sub(" ", unicodedata.normalize("NFKC", text)))
        if found:
            return found.group().strip()
    return None


def drill_words_in(alert: Alert) -> str | None:
    """Return the first drill word in what a person would read of *alert*, or None."""
    texts = [alert.note]
    for info in alert.infos:
        texts += (info.event, info.headline, info.description, info.instruction)
    return drill_words(texts)
