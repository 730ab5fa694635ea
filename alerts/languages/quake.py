"""Write an earthquake and a tsunami warning from a language's table."""

from alerts.languages.fill import body_of, issuer_of, listed_of, near_of, title_of, within
from alerts.languages.table import Words
from alerts.notice import Text
from alerts.shaking import STRONG, Intensity
from alerts.wave import ADVISORY, Wave
from alerts.wording import PartFacts, clock


def write_quake(words: Words, facts: PartFacts, intensity: Intensity) -> Text:
    """Return title and body of shaking of *intensity*."""
    table, names = words.quakes, words.names
    name, phase = table.intensities[intensity], names.phases[facts.phase]
    title = title_of(table.titles_of_change if phase else table.titles, intensity=name, phase=phase)

    def body(shown: int) -> str:
        place = near_of(names, facts.area_names, facts.issuer)
        return body_of(
            names,
            (
                table.first.format(intensity=name, time=clock(facts.sent), place=place),
                table.after,
                table.strong if intensity in STRONG else "",
                table.sea,
                listed_of(names, facts.area_names, shown),
                table.by.format(issuer=issuer_of(names, facts.issuer, names.issuer)),
                names.edge if facts.partial else "",
                table.end,
            ),
        )

    return within(words, lambda shown: (title, body(shown)))


def write_wave(words: Words, facts: PartFacts, wave: Wave) -> Text:
    """Return title and body of a tsunami warning."""
    table, names = words.quakes, words.names
    # An agency's word that is not known yet is told as the warning that asks for the most.
    name = table.waves.get(wave.warning) or next(iter(table.waves.values()))
    phase = names.phases[facts.phase]
    title = title_of(table.wave_titles_of_change if phase else table.wave_titles, wave=name, phase=phase)
    action = table.shore if wave.warning == ADVISORY else table.flee

    def body(shown: int) -> str:
        place = near_of(names, facts.area_names, facts.issuer)
        return body_of(
            names,
            (
                table.wave_first.format(wave=name, action=action, time=clock(facts.sent), place=place),
                _height(words, wave),
                _arrival(words, wave),
                listed_of(names, facts.area_names, shown),
                table.wave_by.format(issuer=issuer_of(names, facts.issuer, names.issuer)),
                names.edge if facts.partial else "",
                table.wave_end,
            ),
        )

    return within(words, lambda shown: (title, body(shown)))


def _height(words: Words, wave: Wave) -> str:
    table = words.quakes
    if wave.height_m is not None:
        template = table.height_over if wave.height.endswith("超") else table.height
        return template.format(metres=f"{wave.height_m:g}")
    return table.height_unknown if wave.height and wave.warning != ADVISORY else ""


def _arrival(words: Words, wave: Wave) -> str:
    if wave.arriving:
        return words.quakes.arriving
    return "" if wave.arrives_at is None else words.quakes.arrives.format(time=clock(wave.arrives_at))
