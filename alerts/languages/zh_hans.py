"""简体中文 (zh-Hans).

Terms: levels and orders (警戒级别, 高龄者等避难, 避难指示, 紧急安全确保) as in the Cabinet Office's notices on
evacuation information in Chinese; warnings and dangers (注意报, 警报, 特别警报, 震度6强, 海啸警报) as in the JMA's
multilingual information. 危险警报 is new since May 2026 and follows their pattern. Names of places stay in Japanese
characters.
"""

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.languages.readings import in_chinese
from alerts.languages.table import (
    Checks,
    GoUps,
    Helps,
    Informations,
    Names,
    Orders,
    Quakes,
    Rivers,
    Silences,
    Warnings,
    Ways,
    Words,
)
from alerts.level import Level
from alerts.notice import Phase
from alerts.river_stage import Trend
from alerts.shaking import Intensity
from alerts.silence_over import SilenceOver

_NAMES = Names(
    shown=in_chinese,
    gap="",
    comma="、",
    level="警戒级别{level}",
    hazards={
        HazardKind.HEAVY_RAIN: "大雨",
        HazardKind.LANDSLIDE: "泥石流·滑坡",
        HazardKind.FLOOD: "洪水",
        HazardKind.STORM_SURGE: "风暴潮",
        HazardKind.STORM: "暴风",
        HazardKind.SNOWSTORM: "暴风雪",
        HazardKind.HEAVY_SNOW: "大雪",
        HazardKind.WAVE: "巨浪",
        HazardKind.THUNDER: "雷电",
        HazardKind.TORNADO: "龙卷风",
        HazardKind.DENSE_FOG: "浓雾",
        HazardKind.DRY_AIR: "干燥",
        HazardKind.AVALANCHE: "雪崩",
        HazardKind.COLD: "低温",
        HazardKind.FROST: "霜冻",
        HazardKind.ICING: "结冰",
        HazardKind.SNOW_ACCRETION: "积雪附着",
        HazardKind.SNOWMELT: "融雪",
        HazardKind.RECORD_RAIN: "破纪录短时大雨",
        HazardKind.EARTHQUAKE: "地震",
        HazardKind.TSUNAMI: "海啸",
        HazardKind.VOLCANO: "火山",
        HazardKind.FIRE: "火灾",
        HazardKind.HEALTH: "健康危害",
        HazardKind.SECURITY: "治安",
        HazardKind.TRANSPORT: "交通",
        HazardKind.OTHER: "灾害",
    },
    more_hazards="等",
    warnings={
        Level.PREPARE_MIND: "早期注意信息",
        Level.CHECK_ACTION: "注意报",
        Level.ELDERLY_LEAVE: "警报",
        Level.ALL_LEAVE: "危险警报",
        Level.SECURE_LIFE: "特别警报",
    },
    orders={
        Level.ELDERLY_LEAVE: "高龄者等避难",
        Level.ALL_LEAVE: "避难指示",
        Level.SECURE_LIFE: "紧急安全确保",
    },
    phases={
        Phase.ISSUED: "",
        Phase.RAISED: "上调",
        Phase.LOWERED: "下调",
        Phase.EASED: "下调",
        Phase.CHANGED: "变更",
        Phase.LIFTED: "解除",
        Phase.CANCELLED: "取消",
        Phase.CORRECTED: "更正",
    },
    areas="{areas}及另外{more}处",
    inside="{ward}{count}处",
    all_areas="地区：{areas}。",
    no_area="相关地区",
    issuer="发布机构",
    municipality="市区町村",
    day="{month}月{day}日{time}",
    edge="您的地点在该区域边界附近。",
    not_gone="这并不表示危险已经消除。",
    drill_title="【演习】",
    drill_body="这是演习。",
)

_WARNINGS = Warnings(
    what="{hazard}{more}{warning}",
    what_without_level="{hazard}{more}信息",
    severities={
        Severity.EXTREME: "最高警戒",
        Severity.SEVERE: "请警戒",
        Severity.MODERATE: "请注意",
        Severity.MINOR: "信息",
        Severity.UNKNOWN: "请警戒",
    },
    titles=("{level} {hazard}{more}{warning}", "{level} {hazard}{warning}", "{level} {hazard}"),
    titles_of_change=(
        "{level} {hazard}{more}{warning}（{phase}）",
        "{level} {hazard}{warning}（{phase}）",
        "{level} {hazard}（{phase}）",
    ),
    title_without_level="{hazard}：{severity}",
    title_of_change_without_level="{hazard}信息（{phase}）",
    level_actions={
        Level.PREPARE_MIND: "请留意最新信息",
        Level.CHECK_ACTION: "请确认避难场所和路线",
        Level.ELDERLY_LEAVE: "高龄者等请尽早避难",
        Level.ALL_LEAVE: "请准备避难，确认避难信息",
        Level.SECURE_LIFE: "有生命危险，立即保护自身安全",
    },
    actions={
        HazardKind.HEAVY_RAIN: "请离开低洼处和地下",
        HazardKind.LANDSLIDE: "请离开山崖和溪沟",
        HazardKind.FLOOD: "不要靠近河流和水渠",
        HazardKind.STORM_SURGE: "不要靠近海岸和河口",
        HazardKind.STORM: "不要外出，远离窗户",
        HazardKind.SNOWSTORM: "不要外出，不要开车",
        HazardKind.HEAVY_SNOW: "避免不必要的外出",
        HazardKind.WAVE: "不要靠近海岸",
        HazardKind.THUNDER: "请进入建筑物，避开树下",
        HazardKind.TORNADO: "请进坚固建筑，远离窗户",
        HazardKind.DENSE_FOG: "开车请减速并开灯",
        HazardKind.DRY_AIR: "请小心用火",
        HazardKind.AVALANCHE: "不要靠近积雪的山坡",
        HazardKind.COLD: "请注意保暖和水管冻结",
        HazardKind.FROST: "请保护农作物",
        HazardKind.ICING: "请注意船舶和电线结冰",
        HazardKind.SNOW_ACCRETION: "请避开电线和树下",
        HazardKind.SNOWMELT: "不要靠近河流和山坡",
        HazardKind.RECORD_RAIN: "请离开山崖、河流和低洼处",
        HazardKind.EARTHQUAKE: "防备余震，远离坠落物和山崖",
        HazardKind.TSUNAMI: "立即离开海岸和河边，到高处",
        HazardKind.VOLCANO: "不要靠近火山口，防备火山灰",
        HazardKind.FIRE: "请远离火和烟",
        HazardKind.HEALTH: "请确认区的通知",
        HazardKind.SECURITY: "请留在室内，确认官方通知",
        HazardKind.TRANSPORT: "出门前请确认运行情况",
        HazardKind.OTHER: "请确认区的通知",
    },
    first="{level}{action}。{time} {place}。",
    also="{action}。",
    did={
        Phase.ISSUED: "{issuer}发布了{what}。",
        Phase.RAISED: "{issuer}将其上调为{what}。",
        Phase.LOWERED: "{issuer}将其下调为{what}。",
        Phase.EASED: "{issuer}的{what}仍在继续。",
        Phase.CHANGED: "{issuer}变更了{what}的内容。",
        Phase.CORRECTED: "{issuer}更正了{what}。",
    },
    lifted="{level}{place} {time}解除。请继续注意周围的危险。",
    lifted_more="{issuer}解除了{what}。{not_gone}如区的避难信息仍在继续，请遵从。",
    cancelled="{level}{place} {time}取消。请确认最新信息。",
    cancelled_more="{issuer}取消了{what}，此前的通知无效。其他警报或避难信息可能仍在继续。",
    kinds="对象：{kinds}。",
    until="本通知有效至{until}，过期并不表示解除。",
)

_ORDERS = Orders(
    titles=("{level} {order}",),
    titles_of_change=("{level} {order}（{phase}）",),
    actions={
        Level.ELDERLY_LEAVE: "高龄者等需要时间的人请避难",
        Level.ALL_LEAVE: "所有人请离开危险场所避难",
        Level.SECURE_LIFE: "有生命危险，请立即确保安全",
    },
    more={
        Level.ELDERLY_LEAVE: "其他人也请减少外出，做好避难准备。",
        Level.ALL_LEAVE: "如果外出更危险，请到建筑物的高层或远离山崖的房间。",
        Level.SECURE_LIFE: "如果移动有危险，请到所在建筑物内更安全的地方。",
    },
    first="{level} {action}。{time} {place}。",
    by="{issuer}发布了{order}（{hazard}）。",
    holds="在收到解除通知之前一直有效。",
    lifted="{level} {place} {time}解除。请继续注意周围的危险。",
    lifted_by="{issuer}解除了{order}（{hazard}）。",
    cancelled="{level} {place} {time}取消。请继续注意周围的危险。",
    cancelled_by="{issuer}取消了{order}（{hazard}）。",
    goes_on_titles=("{level} {order}继续有效", "继续有效：{order}"),
    goes_on="{level} {action}。延长至{until}。{place} 继续有效。",
    goes_on_until="{day}日{time}",
    goes_on_by="{issuer}延长了{order}（{hazard}）。",
)

_RIVERS = Rivers(
    title="{level} 河流水位现状",
    title_without_level="河流水位现状",
    action="请远离河流",
    first="{level}{action}。{time} {river}。",
    stage="{station}现在水位{stage}米{trend}。",
    trends={Trend.RISING: "（上涨）", Trend.STEADY: "（持平）", Trend.FALLING: "（下降）"},
    thresholds={1: "防汛待命水位", 2: "泛滥注意水位", 3: "避难判断水位", 4: "泛滥危险水位"},
    below="距{threshold}还有{metres}米。",
    above="已超过{threshold}。",
    forecast="官方预测{time}达到{stage}米。",
    depths={
        1: "不足0.5米",
        2: "0.5米以上不足3米",
        3: "3米以上不足5米",
        4: "5米以上",
        5: "10米以上",
        6: "20米以上",
    },
    depth_unknown="不明",
    depth="如果泛滥，预计浸水深度{depth}。",
    end="{issuer}发布。过了{until}也不表示解除。",
    river="河流",
)

_QUAKES = Quakes(
    intensities={
        Intensity.LOWER_5: "震度5弱",
        Intensity.UPPER_5: "震度5强",
        Intensity.LOWER_6: "震度6弱",
        Intensity.UPPER_6: "震度6强",
        Intensity.SEVEN: "震度7",
    },
    titles=("地震 {intensity}",),
    titles_of_change=("地震 {intensity}（{phase}）",),
    first="{intensity}。请保护自身，防备余震。{time} {place}。",
    after="摇晃停止后，穿鞋、关火、打开门确保出口。不要使用电梯。",
    strong="请远离倾斜的建筑物、围墙和山崖。",
    sea="在海边或河边，请确认海啸信息。",
    by="{issuer}发布了震度。",
    end="本通知过期并不表示没有余震。",
    waves={"大津波警報": "大海啸警报", "津波警報": "海啸警报", "津波注意報": "海啸注意报"},
    wave_titles=("{wave}",),
    wave_titles_of_change=("{wave}（{phase}）",),
    wave_first="{wave} {action}。{time} {place}。",
    flee="立即到高处，远离海和河",
    shore="请离开水中，远离海岸",
    height="预计高度约{metres}米。",
    height_over="预计高度超过{metres}米。",
    height_unknown="高度尚不清楚，可能非常高。",
    arriving="估计已经到达。",
    arrives="第一波约{time}到达，之后的波可能更高。",
    wave_by="{issuer}发布。",
    wave_end="收到解除通知之前请不要返回。",
)

_SILENCES = Silences(
    title="尚未发布避难的指示",
    title_across="您所在的区尚未发布指示",
    across="{ward}已发布{order}。您所在的区尚未对您的地点发布指示。这并不表示安全。",
    first="{level}相当。感到危险请立即避难，不要等待指示。{time}{place}。",
    no_order="市区町村尚未发布避难的指示。这并不表示安全。",
    shelters="已开放的避难所：{shelters}。",
    no_shelters="尚未确认有避难所开放。",
    titles_of_end={
        SilenceOver.NEIGHBOUR: "关于邻区指示的通知已结束",
        SilenceOver.ORDERED: "“未发布指示”的通知已结束",
        SilenceOver.UNORDERED: "“尚未发布指示”的通知已结束",
    },
    ends={
        SilenceOver.NEIGHBOUR: "请继续注意周围的危险。{time}，{ward}的指示已解除或变更。先前关于该指示的通知已结束。",
        SilenceOver.ORDERED: "请按已发布的指示行动。{time}，您所在的地点已有指示。先前“尚未发布指示”的通知已结束。",
        SilenceOver.UNORDERED: "感到危险请立即避难，不要等待指示。{time}，"
        "您所在的地点没有避难的指示。先前“尚未发布指示”的通知已结束。",
    },
)

_INFORMATIONS = Informations(
    title="您登记的地点 {hazard}",
    titles_of_change=("您登记的地点 {hazard} {phase}",),
    first="{level} {time} {place}：您登记的地点。",
    first_without_level="{time} {place}：您登记的地点。",
    order="{order}（{hazard}）",
    warning="{hazard}{warning}",
    information="{hazard}信息",
    issued="{issuer}：{place}发布了{what}。",
    changed="{issuer}：{place}的{what}已{phase}。",
    not_for_you="这不是对您所在地点的指示。",
)

_HELPS = Helps(
    line="{ward}{number}",
    named="咨询电话：{lines}。有生命危险请拨打119。",
    unnamed="请向市区町村咨询。有生命危险请拨打119。",
)

_WAYS = Ways(
    here="此地点",
    title="{place}：{act}",
    title_end="{place}：路线指引结束",
    end="{level}此处已不属于{order}的对象。{time}。之前的路线指引到此结束。",
    check="请确认区的避难信息。",
    first="{level}{act}。{time}。",
    first_changed="{level}{why}→{act}。{time}。",
    why={
        "way-cut": "{name}禁止通行",
        "shelter-lost": "{name}无法使用",
        "better-way": "改走更近的路",
        "room-found": "避难所有了空位",
        "ward-full": "目的地的区已满",
        "restored": "{name}可以使用了",
        "danger": "危险正在逼近",
    },
    unnamed="原来的路",
    acts={
        "go": "请步行到{name}避难",
        "leave-early": "请{by}离开该区域避难",
        "go-up": "不要步行避难，请到高楼层",
        "stay": "请留在现在的建筑物内",
    },
    act_titles={
        "go": "去{name}",
        "leave-early": "请{by}离开该区域",
        "go-up": "到高楼层",
        "stay": "留在建筑物内",
    },
    by_time="{time}之前",
    early="尽早",
    replaces="请勿再使用{time}的指引。",
    walk="步行约{minutes}分钟，慢走约{slow}分钟。",
    turns="{turns}。",
    turn="前行{metres}米{side}",
    turn_at="前行{metres}米，在{at}{side}",
    turn_street="沿{street}前行{metres}米{side}",
    turn_street_at="沿{street}前行{metres}米，在{at}{side}",
    sides={"straight": "直行", "left": "左转", "right": "右转", "back": "折返"},
    designated="尚未确认是否开放。",
    unconfirmed="途中有未经确认的封路报告（{time}）。",
    turn_back="遇到积水或封路请折返。",
    leave_how="请趁电车等还在运行，前往亲友家、旅馆或区的广域避难处。",
    leave_to="请趁电车等还在运行，前往{name}、亲友家或旅馆。",
    no_way="外面的道路不能说是安全的。",
    step_free_way="需要避开台阶的人：请到{name}（慢走约{slow}分钟）。",
    step_free_act="需要避开台阶的人：{act}",
    step_free_none="没有可避开台阶的路，请向邻居或119求助。",
    other_side="在河流或铁路对面的人，请查看画面上的指引。",
    by="以上为{issuer}{order}的路线指引，道路信息截至{time}。",
)

_GO_UPS = GoUps(
    floor="{floor}楼以上",
    floor_top="尽可能高的楼层",
    collapse="木造房屋可能被冲走。",
    under="浸水{depth}：两层房屋可能被淹没。",
    under_unknown="水深不明：两层房屋可能被淹没。",
    acts={
        "general": "请到附近坚固建筑物的{floor}。",
        "step-free": "请立即向邻居或119求助，一起到{floor}。等待时请在最高的安全处。",
        "bed-bound": "不要一个人搬动。请立即向119或邻居求助，用担架或被褥抬到{floor}。",
        "underground": "请立即到地面上，再到坚固建筑物的{floor}。不要返回地下。",
    },
    own="请到所在建筑物的{floor}。",
    stays={
        "hours": "",
        "days": "积水可能数日不退，请带上水、食物和药品。",
        "week": "积水可能超过3天不退，请带上水、食物、药品和简易厕所。",
    },
    slopes={
        "general": "请到2楼以上、离山崖最远的房间。",
        "step-free": "请立即向邻居或119求助，等待时请在离山崖最远的房间。",
        "bed-bound": "请立即向邻居或119求助，等待时请在离山崖最远的房间。",
        "underground": "请立即到地面上，再到2楼以上、离山崖最远的房间。",
    },
    refuge="区的避难处：{name}。",
)

_CHECKS = Checks(
    title="确认通知能否送达",
    body="{until}前有效。无需采取任何行动。{ward}的通知能否送达，{issuer}正在确认。这不是危险通知。"
    "点按一次，即可得知已经送达。",
)

WORDS = Words(
    "zh-Hans", _NAMES, _WARNINGS, _ORDERS, _RIVERS, _QUAKES, _SILENCES, _INFORMATIONS, _HELPS, _WAYS, _GO_UPS, _CHECKS
)
