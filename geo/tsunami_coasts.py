"""津波予報区: the 66 coasts for which tsunami warnings are issued, and the ground behind them.

Source: the JMA's table of forecast coasts. A coast stands for the ground of its subdivisions or prefectures
that lies within REACH_KM of the sea. The 2011 wave came 6 km inland on the Sendai plain, and further
up rivers; where a prefecture has two coasts both stand for both: too large, never too small.
"""

from collections import deque

import h3.api.basic_int as h3

from alerts.place import Cells
from geo.cells import compact, expand
from geo.quake_areas import AreaGroup

REACH_KM = 10.0
# Cells of resolution 7 are at least 2.1 km from middle to middle here. The table gives the first ring of sea
# to the land beside it, and a cell that is partly within reach counts: hence two more.
_RESOLUTION = 7
_RINGS = -(-int(REACH_KM * 10) // 21) + 2
# Water without an outlet to more cells than these is a lake: Biwa, the largest, has about 130.
_LARGEST_LAKE_CELLS = 400

_TABLE = """
100 北海道太平洋沿岸東部 10:014010 10:014020
101 北海道太平洋沿岸中部 10:014020 10:014030 10:015020
102 北海道太平洋沿岸西部 10:015010 10:017010
110 北海道日本海沿岸北部 10:011000 10:012020
111 北海道日本海沿岸南部 10:016010 10:016030 10:017020 10:017010
120 オホーツク海沿岸 10:011000 10:013010 10:013020 10:013030 10:014010
191 北海道太平洋沿岸 10:014010 10:014020 10:014030 10:015010 10:015020 10:017010
200 青森県日本海沿岸 pref:02
201 青森県太平洋沿岸 pref:02
202 陸奥湾 pref:02
210 岩手県 pref:03
220 宮城県 pref:04
230 秋田県 pref:05
240 山形県 pref:06
250 福島県 pref:07
300 茨城県 pref:08
310 千葉県九十九里・外房 10:120020 10:120030
311 千葉県内房 10:120030
312 東京湾内湾 10:120010 10:120030 10:130010 10:140010
320 伊豆諸島 10:130020 10:130030
321 小笠原諸島 10:130040
330 相模湾・三浦半島 pref:14
340 新潟県上中下越 10:150010 10:150020 10:150030
341 佐渡 10:150040
350 富山県 pref:16
360 石川県能登 pref:17
361 石川県加賀 pref:17
370 福井県 pref:18
380 静岡県 pref:22
390 愛知県外海 pref:23
391 伊勢・三河湾 pref:23 pref:24
400 三重県南部 pref:24
500 京都府 pref:26
510 大阪府 pref:27
520 兵庫県北部 pref:28
521 兵庫県瀬戸内海沿岸 pref:28
522 淡路島南部 pref:28
530 和歌山県 pref:30
540 鳥取県 pref:31
550 島根県出雲・石見 10:320010 10:320020
551 隠岐 10:320030
560 岡山県 pref:33
570 広島県 pref:34
580 徳島県 pref:36
590 香川県 pref:37
600 愛媛県宇和海沿岸 pref:38
601 愛媛県瀬戸内海沿岸 pref:38
610 高知県 pref:39
700 山口県日本海沿岸 pref:35
701 山口県瀬戸内海沿岸 pref:35
710 福岡県瀬戸内海沿岸 pref:40
711 福岡県日本海沿岸 pref:40
712 有明・八代海 pref:40 pref:41 pref:42 pref:43 10:460010
720 佐賀県北部 pref:41
730 長崎県西方 pref:42
731 壱岐・対馬 pref:42
740 熊本県天草灘沿岸 pref:43
750 大分県瀬戸内海沿岸 pref:44
751 大分県豊後水道沿岸 pref:44
760 宮崎県 pref:45
770 鹿児島県東部 10:460010 10:460020
771 種子島・屋久島地方 10:460030
772 奄美群島・トカラ列島 10:460040
773 鹿児島県西部 10:460010 10:460020
800 沖縄本島地方 pref:47
801 大東島地方 20:47357 20:47358
802 宮古島・八重山地方 20:47207 20:47214 20:47375 20:47381 20:47382
"""

TSUNAMI_COASTS: dict[str, AreaGroup] = {
    code: AreaGroup(ja, tuple(members)) for code, ja, *members in (line.split() for line in _TABLE.split("\n") if line)
}


def near_sea(land: Cells) -> Cells:
    """Return the cells of *land* within REACH_KM of the sea; what lies outside *land* is sea or a lake.

    *land* is a whole country or island: the border of a part of one would be taken for a coast.
    """
    known: set[int] = set(expand(land, _RESOLUTION))
    verdict: dict[int, bool] = {}
    shore = {
        cell
        for cell in known
        if any(near not in known and _is_sea(near, known, verdict) for near in h3.grid_disk(cell, 1))
    }
    reached, edge = set(shore), shore
    for _ in range(_RINGS - 1):
        edge = {near for cell in edge for near in h3.grid_disk(cell, 1) if near in known} - reached
        reached |= edge
    return compact(reached)


def _is_sea(cell: int, known: set[int], verdict: dict[int, bool]) -> bool:
    """Return whether the water at *cell* is wider than the largest lake; asked once for each water."""
    if cell in verdict:
        return verdict[cell]
    found, waiting = {cell}, deque([cell])
    answer = False
    while waiting and not answer:
        for near in h3.grid_disk(waiting.popleft(), 1):
            if near not in known and near not in found:
                # What was reached before has the answer for all of it.
                answer = verdict.get(near, len(found) >= _LARGEST_LAKE_CELLS)
                found.add(near)
                waiting.append(near)
                if answer:
                    break
    verdict.update(dict.fromkeys(found, answer))
    return answer
