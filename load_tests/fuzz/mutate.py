"""Change a sample so that it still passes the XML or JSON parser, most of the time.

Bytes changed at random die in the parser, and the readers behind it are never reached. So trees are changed:
texts, attributes, names, order, number and depth of elements, and parts of one sample put into another.
"""

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

from lxml import etree

# What a field holds when somebody, or something, got it wrong.
HOSTILE_TEXTS: tuple[str, ...] = (
    "", " ", "0", "-1", "1", "9", "00", "99", "-9999", "1e999", "NaN", "N/A", "3,5", "-0", "１２３", "0x1F", "1_0", "٣",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z", "2026-01-01T24:00:00+09:00", "2026-01-01T00:00:00", "2026-01-01", "now", "1772-W01-1",
    "95,139", "35.6,139.7", "139.7,35.6", "nan,nan", "0,0 0,0 0,0 0,0", "35,139 36,140 35,140 36,139 35,139",
    "35.6,139.7 0", "35.6,139.7 40000", "35.6,139.7 -1", "a,b,c a,b,c", ",,,", "a/b c/d",
    "訓練", "これは訓練です", "TEST", "drill", "解除", "なし", "発表", "取消", "訂正", "通常", "試験", "特別警報",
    "警報",
    "Actual", "Exercise", "Cancel", "Update", "AllClear", "Extreme", "Unknown", "Evacuate",
    "<script>alert(1)</script>", "\u202egnirts", "a\nb\tc", "&amp;", "]]>", "../../etc/passwd", "%00", "${jndi:x}",
    "5-", "5+", "6-", "7", "震度５弱以上未入電", "131", "1310100", "13101000000", "レベル", "水位",
)  # fmt: skip
_RARELY = 0.03
_MANY = 300
_DEEP = 70
_LONG = 100_000


def mutate_xml(root: etree._Element, others: Sequence[etree._Element], random: Random) -> bytes:
    """Return the bytes of a changed copy of *root*; parts may come from *others*."""
    changed = copy.deepcopy(root)
    for _ in range(random.randint(1, 4)):
        _change_tree(changed, others, random)
    return etree.tostring(changed, xml_declaration=random.random() < 0.5, encoding="UTF-8")


def _change_tree(root: etree._Element, others: Sequence[etree._Element], random: Random) -> None:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    chosen = random.choice(elements)
    parent = chosen.getparent()
    match random.randrange(12):
        case 0 | 1 | 2:
            with_text = [element for element in elements if element.text and element.text.strip()]
            target = random.choice(with_text) if with_text else chosen
            target.text = _text(target.text or "", elements, random)
        case 3:
            target = random.choice([element for element in elements if element.attrib] or [chosen])
            names = list(target.attrib) or ["type"]
            name = str(random.choice([*names, "type", "codeType", "refID", "lang"]))
            target.set(name, _text(target.get(name, ""), elements, random))
            if random.random() < 0.3:
                del target.attrib[name]
        case 4 if parent is not None:
            parent.remove(chosen)
        case 5 if parent is not None:
            times = _MANY if random.random() < _RARELY and len(chosen) < 5 else random.randint(1, 3)
            for _ in range(times):
                parent.insert(random.randint(0, len(parent)), copy.deepcopy(chosen))
        case 6 if parent is not None:
            # A part may go into another, never into itself.
            below = set(chosen.iter())
            places = [element for element in elements if element not in below]
            random.choice(places).append(chosen)
        case 7:
            donor = random.choice([element for element in elements if element is not chosen] or [chosen])
            chosen.tag = donor.tag if random.random() < 0.8 else "x"
        case 8:
            children = list(chosen)
            random.shuffle(children)
            chosen[:] = children
        case 9:
            for child in list(chosen):
                chosen.remove(child)
            if random.random() < 0.5:
                chosen.text = None
        case 10 if others:
            part = random.choice([element for element in random.choice(others).iter() if isinstance(element.tag, str)])
            chosen.append(copy.deepcopy(part))
        case 11 if random.random() < 10 * _RARELY:
            _nest(chosen, random)
        case _:
            chosen.text = _text(chosen.text or "", elements, random)


def _nest(element: etree._Element, random: Random) -> None:
    for _ in range(_DEEP if random.random() < _RARELY else 5):
        element = etree.SubElement(element, element.tag)


def _text(old: str, elements: Sequence[etree._Element], random: Random) -> str:
    way = random.random()
    if way < 0.5:
        return random.choice(HOSTILE_TEXTS)
    if way < 0.7:
        # Right in form, wrong in place: another field's text.
        return random.choice(elements).text or ""
    if way < 0.71:
        return (old or "警")[:10] * (_LONG // 10)
    return spoilt(old, random)


def spoilt(old: str, random: Random) -> str:
    """Return *old* with a character gone, doubled, or another."""
    if not old:
        return random.choice(HOSTILE_TEXTS)
    place = random.randrange(len(old))
    return (
        old[:place] + random.choice(("", old[place] * 2, random.choice("0189-+:T. Zあ"), "\u3000")) + old[place + 1 :]
    )


def mutate_json(document: Any, random: Random) -> bytes:
    """Return a changed copy of *document* as text; the rarest changes are none that Python could write."""
    changed = copy.deepcopy(document)
    for _ in range(random.randint(1, 4)):
        changed = _change_value(changed, random)
    text = json.dumps(changed, ensure_ascii=random.random() < 0.5)
    if random.random() < _RARELY:
        text = text.replace(":", random.choice((': NaN, "x":', ': 1e999, "x":', ': "\\ud800", "x":')), 1)
    return text.encode("utf-8", "surrogatepass")


def _hostile_value(random: Random) -> Any:
    return random.choice(
        (None, True, False, 0, -1, 2**70, -9999, 1e308, [], {}, [[]], {"": ""}, [None], random.choice(HOSTILE_TEXTS))
    )


def _change_value(value: Any, random: Random) -> Any:
    """Return *value* with one change somewhere in it."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        match random.randrange(8):
            case 0:
                return {name: kept for name, kept in value.items() if name != key}
            case 1:
                return {**value, random.choice(list(value)): value[key]}
            case 2:
                return {**value, spoilt(str(key), random): value[key]}
            case 3:
                return {**value, key: _hostile_value(random)}
            case _:
                return {**value, key: _change_value(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        place = random.randrange(len(value))
        match random.randrange(6):
            case 0:
                return value[:place] + value[place + 1 :]
            case 1:
                return (
                    value[: place + 1] * (_MANY if random.random() < _RARELY and len(value) < 5 else 2) + value[place:]
                )
            case 2:
                return random.sample(value, len(value))
            case _:
                return [*value[:place], _change_value(value[place], random), *value[place + 1 :]]
    if isinstance(value, str) and random.random() < 0.6:
        return spoilt(value, random) if random.random() < 0.5 else random.choice(HOSTILE_TEXTS)
    if isinstance(value, int | float) and random.random() < 0.6:
        return random.choice((-value, value * 1000, value + 1, str(value), 0))
    return _hostile_value(random)


def mutate_table(raw: bytes, random: Random) -> bytes:
    """Return a table with some cells, lines or columns changed."""
    text = raw.decode("utf-8", "replace")
    lines = text.split("\n")[: random.choice((2, 5, 20, 50))]
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(lines))
        cells = lines[place].split(",")
        column = random.randrange(len(cells))
        match random.randrange(6):
            case 0:
                cells[column] = random.choice(HOSTILE_TEXTS)
            case 1:
                cells[column] = spoilt(cells[column], random)
            case 2:
                del cells[column]
            case 3:
                cells.insert(column, cells[column])
            case 4:
                lines.insert(place, lines[place])
            case _:
                other = random.choice(lines).split(",")
                cells[column] = random.choice(other)
        if random.randrange(6) != 4:
            lines[place] = ",".join(cells)
    return "\n".join(lines).encode(random.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig")), "replace")


def mutate_bytes(raw: bytes, random: Random) -> bytes:
    """Return *raw* with some bytes changed: what a broken line or a wrong encoding gives."""
    changed = bytearray(raw)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(changed) + 1)
        match random.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([random.randrange(256)])
            case 1:
                del changed[place : place + random.randint(1, 50)]
            case 2:
                changed[place:place] = random.choice(
                    (b"<", b"&", b"&x;", b"<!DOCTYPE a>", b"\0", b"\xff", b"]]>", b'"')
                )
            case 3:
                del changed[place:]
            case 4:
                changed[place:place] = changed[place : place + 40]
            case _:
                changed[:0] = random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\n", b"<?xml version='1.0'?>"))
    return bytes(changed)
