"""Whatever writes a notice writes it in every language: the first words, an end, a mistake taken back, a drill."""

from datetime import timedelta

import pytest

from alerts.claim import Lane
from alerts.hazard import HazardKind
from alerts.languages.known import LANGUAGES, TABLES
from alerts.level import Level
from alerts.notice import Phase
from alerts.order_words import ORDER_NAMES_JA
from streams.notices.drill import DrillOrder, drill_draft, says_drill_first
from streams.notices.edit import edited
from streams.notices.ending import ending_of
from tests.api.evening import KOTO, NINE_PM, around
from tests.api.test_office import drafted


@pytest.mark.parametrize("phase", [Phase.LIFTED, Phase.CANCELLED])
def test_an_end_is_said_to_each_reader_of_what_it_ends(phase: Phase) -> None:
    draft = drafted().draft
    assert draft is not None
    (part,) = ending_of(draft.notice, phase, at=NINE_PM).parts
    assert tuple(text.language for text in part.texts) == LANGUAGES
    for text in part.texts:
        if text.language in TABLES:
            assert TABLES[text.language].names.phases[phase] in text.title + text.body


@pytest.mark.parametrize("level", ORDER_NAMES_JA)
def test_a_drill_and_its_end_begin_with_the_word_in_every_language(level: Level) -> None:
    order = DrillOrder(
        "practice", level, HazardKind.FLOOD, ("江東区",), around(*KOTO), "江東区", NINE_PM + timedelta(hours=3)
    )
    notice = drill_draft(order, by="aoki", at=NINE_PM).notice
    assert notice.lane is Lane.DRILL
    for said in (notice, ending_of(notice, Phase.LIFTED, at=NINE_PM)):
        (part,) = said.parts
        assert tuple(text.language for text in part.texts) == LANGUAGES
        assert all(map(says_drill_first, part.texts))
        # A drill leads nobody to a line that must stay free.
        assert not [text for text in part.texts if "119" in text.body]


def test_an_edit_of_one_language_leaves_the_others_and_makes_another_hash() -> None:
    draft = drafted().draft
    assert draft is not None
    (part,) = draft.notice.parts
    korean = next(text for text in part.texts if text.language == "ko")
    changed = type(korean)("ko", korean.title, korean.body + " 구청에 문의하세요.")
    after = edited(draft, by="aoki", words={(0, "ko"): changed}, expires=draft.notice.expires)
    assert after.notice.digest != draft.notice.digest
    assert {text.language: text for text in after.notice.parts[0].texts} == {
        **{text.language: text for text in part.texts},
        "ko": changed,
    }
