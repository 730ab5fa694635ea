"""한국어 (ko).

Terms: levels and orders (경계레벨, 고령자 등 피난, 피난지시, 긴급안전확보) as in the Cabinet Office's notices on
evacuation information in Korean; warnings and dangers (주의보, 경보, 특별경보, 진도 6강, 쓰나미 경보) as in the JMA's
multilingual information. 위험경보 is new since May 2026 and follows their pattern. Blanks are followed by no particle
that would change with the word in them.
"""

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.languages.readings import in_hangul
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
    shown=in_hangul,
    gap=" ",
    comma=", ",
    level="경계레벨{level}",
    hazards={
        HazardKind.HEAVY_RAIN: "호우",
        HazardKind.LANDSLIDE: "토사재해",
        HazardKind.FLOOD: "홍수",
        HazardKind.STORM_SURGE: "폭풍해일",
        HazardKind.STORM: "폭풍",
        HazardKind.SNOWSTORM: "폭풍설",
        HazardKind.HEAVY_SNOW: "대설",
        HazardKind.WAVE: "높은 파도",
        HazardKind.THUNDER: "천둥번개",
        HazardKind.TORNADO: "회오리바람",
        HazardKind.DENSE_FOG: "짙은 안개",
        HazardKind.DRY_AIR: "건조",
        HazardKind.AVALANCHE: "눈사태",
        HazardKind.COLD: "저온",
        HazardKind.FROST: "서리",
        HazardKind.ICING: "착빙",
        HazardKind.SNOW_ACCRETION: "착설",
        HazardKind.SNOWMELT: "융설",
        HazardKind.RECORD_RAIN: "기록적 단시간 호우",
        HazardKind.EARTHQUAKE: "지진",
        HazardKind.TSUNAMI: "쓰나미",
        HazardKind.VOLCANO: "화산",
        HazardKind.FIRE: "화재",
        HazardKind.HEALTH: "건강 피해",
        HazardKind.SECURITY: "치안",
        HazardKind.TRANSPORT: "교통",
        HazardKind.OTHER: "재해",
    },
    more_hazards=" 등",
    warnings={
        Level.PREPARE_MIND: "조기주의정보",
        Level.CHECK_ACTION: "주의보",
        Level.ELDERLY_LEAVE: "경보",
        Level.ALL_LEAVE: "위험경보",
        Level.SECURE_LIFE: "특별경보",
    },
    orders={
        Level.ELDERLY_LEAVE: "고령자 등 피난",
        Level.ALL_LEAVE: "피난지시",
        Level.SECURE_LIFE: "긴급안전확보",
    },
    phases={
        Phase.ISSUED: "",
        Phase.RAISED: "상향",
        Phase.LOWERED: "하향",
        Phase.EASED: "하향",
        Phase.CHANGED: "변경",
        Phase.LIFTED: "해제",
        Phase.CANCELLED: "취소",
        Phase.CORRECTED: "정정",
    },
    areas="{areas} 외 {more}곳",
    inside="{ward} {count}곳",
    all_areas="지역: {areas}.",
    no_area="대상 지역",
    issuer="발표 기관",
    municipality="시구정촌",
    day="{month}월 {day}일 {time}",
    edge="당신의 장소는 그 경계 가까이에 있습니다.",
    not_gone="위험이 없어졌다는 알림이 아닙니다.",
    drill_title="[훈련] ",
    drill_body="훈련입니다. ",
)

_WARNINGS = Warnings(
    what="{hazard}{more} {warning}",
    what_without_level="{hazard}{more} 정보",
    severities={
        Severity.EXTREME: "최대 경계",
        Severity.SEVERE: "경계",
        Severity.MODERATE: "주의",
        Severity.MINOR: "정보",
        Severity.UNKNOWN: "경계",
    },
    titles=("{level} {hazard}{more} {warning}", "{level} {hazard} {warning}", "{level} {hazard}"),
    titles_of_change=(
        "{level} {hazard}{more} {warning}({phase})",
        "{level} {hazard} {warning}({phase})",
        "{level} {hazard}({phase})",
    ),
    title_without_level="{hazard}: {severity}",
    title_of_change_without_level="{hazard} 정보({phase})",
    level_actions={
        Level.PREPARE_MIND: "최신 정보에 주의하세요",
        Level.CHECK_ACTION: "피난 장소와 길을 확인하세요",
        Level.ELDERLY_LEAVE: "고령자 등은 일찍 피난하세요",
        Level.ALL_LEAVE: "피난 준비, 구의 피난정보 확인",
        Level.SECURE_LIFE: "생명 위험, 즉시 몸을 지키세요",
    },
    actions={
        HazardKind.HEAVY_RAIN: "낮은 곳과 지하에서 떠나세요",
        HazardKind.LANDSLIDE: "비탈과 골짜기에서 떠나세요",
        HazardKind.FLOOD: "강과 수로에 가지 마세요",
        HazardKind.STORM_SURGE: "해안과 강어귀에 가지 마세요",
        HazardKind.STORM: "외출 삼가, 창문에서 떨어지기",
        HazardKind.SNOWSTORM: "외출과 운전을 삼가세요",
        HazardKind.HEAVY_SNOW: "불필요한 외출을 삼가세요",
        HazardKind.WAVE: "해안에 가지 마세요",
        HazardKind.THUNDER: "건물 안으로, 나무 밑을 피하기",
        HazardKind.TORNADO: "튼튼한 건물로, 창문 피하기",
        HazardKind.DENSE_FOG: "차는 속도를 줄이고 등을 켜기",
        HazardKind.DRY_AIR: "불을 조심하세요",
        HazardKind.AVALANCHE: "눈 덮인 비탈에 가지 마세요",
        HazardKind.COLD: "보온과 수도관 동결에 주의",
        HazardKind.FROST: "농작물을 보호하세요",
        HazardKind.ICING: "배와 전선의 착빙에 주의하세요",
        HazardKind.SNOW_ACCRETION: "전선과 나무 밑을 피하세요",
        HazardKind.SNOWMELT: "강과 비탈에 가지 마세요",
        HazardKind.RECORD_RAIN: "비탈·강·낮은 곳에서 떠나세요",
        HazardKind.EARTHQUAKE: "여진 대비, 낙하물과 비탈 피하기",
        HazardKind.TSUNAMI: "즉시 해안을 떠나 높은 곳으로",
        HazardKind.VOLCANO: "화구에 가지 말고 화산재 대비",
        HazardKind.FIRE: "불과 연기에서 떨어지세요",
        HazardKind.HEALTH: "구의 안내를 확인하세요",
        HazardKind.SECURITY: "건물 안에서 공식 안내를 확인",
        HazardKind.TRANSPORT: "나가기 전에 운행을 확인하세요",
        HazardKind.OTHER: "구의 안내를 확인하세요",
    },
    first="{level}{action}. {time} {place}.",
    also="{action}.",
    did={
        Phase.ISSUED: "{issuer} 발표: {what}.",
        Phase.RAISED: "{issuer} 발표: {what}(상향).",
        Phase.LOWERED: "{issuer} 발표: {what}(하향).",
        Phase.EASED: "{issuer} 발표: {what}, 계속 중.",
        Phase.CHANGED: "{issuer} 발표: {what}, 내용 변경.",
        Phase.CORRECTED: "{issuer} 발표: {what}, 정정.",
    },
    lifted="{level}{place} {time} 해제. 주변 위험에 계속 주의하세요.",
    lifted_more="{issuer}에서 해제: {what}. {not_gone} 구의 피난정보가 계속되고 있으면 그에 따르세요.",
    cancelled="{level}{place} {time} 취소. 최신 정보를 확인하세요.",
    cancelled_more="{issuer}에서 취소: {what}. 앞의 알림은 무효입니다. "
    "다른 경보나 피난정보는 계속되고 있을 수 있습니다.",
    kinds="대상: {kinds}.",
    until="이 알림은 {until}까지입니다. 지나도 해제를 뜻하지 않습니다.",
)

_ORDERS = Orders(
    titles=("{level} {order}",),
    titles_of_change=("{level} {order}({phase})",),
    actions={
        Level.ELDERLY_LEAVE: "고령자 등은 지금 피난하세요",
        Level.ALL_LEAVE: "위험한 곳에서 전원 피난하세요",
        Level.SECURE_LIFE: "생명 위험, 즉시 안전 확보",
    },
    more={
        Level.ELDERLY_LEAVE: "시간이 걸리는 사람은 모두 피난하고, 다른 사람도 외출을 삼가고 피난을 준비하세요.",
        Level.ALL_LEAVE: "밖이 더 위험하면 건물의 높은 층이나 비탈에서 먼 방으로 가세요.",
        Level.SECURE_LIFE: "이동이 위험하면 지금 있는 건물에서 조금이라도 안전한 곳으로 가세요.",
    },
    first="{level} {action}. {time} {place}.",
    by="{issuer} 발령: {order}({hazard}).",
    holds="해제 알림이 있을 때까지 계속됩니다.",
    lifted="{level} {place} {time} 해제. 주변 위험에 계속 주의하세요.",
    lifted_by="{issuer}에서 해제: {order}({hazard}).",
    cancelled="{level} {place} {time} 취소. 주변 위험에 계속 주의하세요.",
    cancelled_by="{issuer}에서 취소: {order}({hazard}).",
    goes_on_titles=("{level} {order} 계속", "계속: {order}"),
    goes_on="{level} {action}. {until}까지 {place} 연장. 계속됩니다.",
    goes_on_until="{day}일 {time}",
    goes_on_by="{issuer}에서 연장: {order}({hazard}).",
)

_RIVERS = Rivers(
    title="{level} 강 수위 현황",
    title_without_level="강 수위 현황",
    action="강에서 떨어지세요",
    first="{level}{action}. {time} {river}.",
    stage="{station} 현재 수위 {stage}m{trend}.",
    trends={Trend.RISING: "(상승 중)", Trend.STEADY: "(변화 없음)", Trend.FALLING: "(하강 중)"},
    thresholds={1: "수방단 대기수위", 2: "범람 주의수위", 3: "피난 판단수위", 4: "범람 위험수위"},
    below="{threshold}까지 {metres}m.",
    above="{threshold}: 넘었습니다.",
    forecast="공식 예측: {time}에 {stage}m.",
    depths={1: "0.5m 미만", 2: "0.5m 이상 3m 미만", 3: "3m 이상 5m 미만", 4: "5m 이상", 5: "10m 이상", 6: "20m 이상"},
    depth_unknown="불명",
    depth="범람하면 예상 침수 깊이: {depth}.",
    end="{issuer} 발표. {until}이 지나도 해제를 뜻하지 않습니다.",
    river="강",
)

_QUAKES = Quakes(
    intensities={
        Intensity.LOWER_5: "진도 5약",
        Intensity.UPPER_5: "진도 5강",
        Intensity.LOWER_6: "진도 6약",
        Intensity.UPPER_6: "진도 6강",
        Intensity.SEVEN: "진도 7",
    },
    titles=("지진 {intensity}",),
    titles_of_change=("지진 {intensity}({phase})",),
    first="{intensity}. 몸을 지키고 여진에 대비. {time} {place}.",
    after="흔들림이 멈추면 신발을 신고 불을 끄고 문을 열어 출구를 확보하세요. 엘리베이터는 쓰지 마세요.",
    strong="기운 건물·담·비탈에서 떨어지세요.",
    sea="바다나 강 근처에서는 쓰나미 정보를 확인하세요.",
    by="{issuer}에서 진도를 발표했습니다.",
    end="이 알림의 기한이 지나도 여진이 없다는 뜻이 아닙니다.",
    waves={"大津波警報": "대쓰나미 경보", "津波警報": "쓰나미 경보", "津波注意報": "쓰나미 주의보"},
    wave_titles=("{wave}",),
    wave_titles_of_change=("{wave}({phase})",),
    wave_first="{wave} {action}. {time} {place}.",
    flee="바로 높은 곳으로, 강도 피하기",
    shore="물에서 나와 해안을 떠나세요",
    height="예상 높이: 약 {metres}m.",
    height_over="예상 높이: {metres}m 초과.",
    height_unknown="높이는 아직 알 수 없습니다. 매우 높을 수 있습니다.",
    arriving="이미 도달한 것으로 보입니다.",
    arrives="첫 파도는 {time}경, 나중 파도가 더 높을 수 있습니다.",
    wave_by="{issuer} 발표.",
    wave_end="해제 알림이 있을 때까지 돌아가지 마세요.",
)

_SILENCES = Silences(
    title="피난하라는 지시는 아직 없습니다",
    title_across="당신의 구는 아직 지시를 내지 않았습니다",
    across="{ward} 발령: {order}. 당신이 있는 곳에는 사는 구의 지시가 나오지 않았습니다. "
    "지시를 기다리지 마세요. 안전하다는 알림이 아닙니다.",
    first="{level} 상당. 위험을 느끼면 지금 피난하세요. {time}{place}.",
    no_order="지시를 기다리지 마세요. 시구정촌의 피난하라는 지시는 아직 나오지 않았습니다. 안전하다는 알림이 아닙니다.",
    shelters="열려 있는 피난소: {shelters}.",
    no_shelters="열려 있는 피난소는 아직 확인되지 않았습니다.",
    titles_of_end={
        SilenceOver.NEIGHBOUR: "이웃 구의 지시 알림이 끝났습니다",
        SilenceOver.ORDERED: "'지시 없음' 알림이 끝났습니다",
        SilenceOver.UNORDERED: "'지시는 아직' 알림이 끝났습니다",
    },
    ends={
        SilenceOver.NEIGHBOUR: "주변의 위험에 계속 주의하세요. {time}, {ward}의 지시는 해제되었거나 바뀌었습니다. "
        "그 지시에 관한 이전 알림은 끝났습니다.",
        SilenceOver.ORDERED: "나와 있는 지시에 따르세요. {time}, 당신이 있는 곳에 지시가 나와 있습니다. "
        "지시가 없다는 이전 알림은 끝났습니다.",
        SilenceOver.UNORDERED: "위험을 느끼면 지시를 기다리지 말고 피난하세요. {time}, "
        "당신이 있는 곳에 피난하라는 지시는 나오지 않았습니다. 지시가 아직 없다는 이전 알림은 끝났습니다.",
    },
)

_INFORMATIONS = Informations(
    title="등록한 장소 {hazard}",
    titles_of_change=("등록한 장소 {hazard} {phase}",),
    first="{level} {time} {place}: 등록한 장소에 관한 알림입니다.",
    first_without_level="{time} {place}: 등록한 장소에 관한 알림입니다.",
    order="{order}({hazard})",
    warning="{hazard} {warning}",
    information="{hazard} 정보",
    issued="{issuer}: {place}, {what}.",
    changed="{issuer}: {place}, {what} {phase}.",
    not_for_you="당신이 있는 곳에 대한 지시가 아닙니다.",
)

_HELPS = Helps(
    line="{ward} {number}",
    named="문의: {lines}. 생명이 위험하면 119.",
    unnamed="문의는 시구정촌에. 생명이 위험하면 119.",
)

_WAYS = Ways(
    here="이 장소",
    title="{place}: {act}",
    title_end="{place}: 길 안내 종료",
    end="{level}{order} 대상에서 제외. {time}. 앞의 길 안내는 끝났습니다.",
    check="구의 피난정보를 확인하세요.",
    first="{level}{act}. {time}.",
    first_changed="{level}{why} → {act}. {time}.",
    why={
        "way-cut": "{name} 통행금지",
        "shelter-lost": "{name} 사용 불가",
        "better-way": "가까운 길로 변경",
        "room-found": "피난소에 자리가 생김",
        "ward-full": "가려던 구의 수용 한도",
        "restored": "{name} 다시 이용 가능",
        "danger": "위험이 다가옴",
    },
    unnamed="앞의 길",
    acts={
        "go": "걸어서 피난: {name}",
        "leave-early": "{by} 구역 밖으로 피난하세요",
        "go-up": "걸어 나가지 말고 높은 층으로",
        "stay": "지금 있는 건물에 머무르세요",
    },
    act_titles={
        "go": "피난처 {name}",
        "leave-early": "{by} 구역 밖으로",
        "go-up": "높은 층으로",
        "stay": "건물에 머무르기",
    },
    by_time="{time}까지",
    early="일찍",
    replaces="{time}의 안내는 쓰지 마세요.",
    walk="걸어서 약 {minutes}분, 천천히 약 {slow}분.",
    turns="{turns}.",
    turn="{metres}m 가서 {side}",
    turn_at="{metres}m 가서 {at}에서 {side}",
    turn_street="{street} 따라 {metres}m 가서 {side}",
    turn_street_at="{street} 따라 {metres}m 가서 {at}에서 {side}",
    sides={"straight": "직진", "left": "왼쪽", "right": "오른쪽", "back": "되돌아가기"},
    designated="개설은 아직 확인되지 않았습니다.",
    unconfirmed="도중에 미확인 통행금지 제보({time}).",
    turn_back="물이나 통행금지를 만나면 되돌아가세요.",
    leave_how="전철 등이 다니는 동안 친척 집, 숙소, 구의 광역 피난처로 가세요.",
    leave_to="전철 등이 다니는 동안 {name} 또는 친척 집, 숙소로 가세요.",
    no_way="바깥 길은 안전하다고 할 수 없습니다.",
    step_free_way="계단을 피하는 분: {name}(천천히 약 {slow}분).",
    step_free_act="계단을 피하는 분: {act}",
    step_free_none="계단을 피할 길이 없습니다. 이웃이나 119에 도움을 청하세요.",
    other_side="강이나 철도 건너편에 있는 분은 화면의 안내를 확인하세요.",
    by="{issuer} {order}에 따른 안내. 길 정보는 {time} 현재.",
)

_GO_UPS = GoUps(
    floor="{floor}층 이상",
    floor_top="가장 높은 층",
    collapse="목조 주택은 떠내려갈 수 있습니다.",
    under="침수 {depth}: 2층집은 잠길 수 있습니다.",
    under_unknown="깊이 불명: 2층집은 잠길 수 있습니다.",
    acts={
        "general": "가까운 튼튼한 건물의 {floor}으로 가세요.",
        "step-free": "바로 이웃이나 119에 도움을 청해 함께 {floor}으로 가세요. 기다릴 때는 가장 높은 안전한 곳에서.",
        "bed-bound": "혼자 옮기지 마세요. 바로 119나 이웃에 도움을 청해 들것이나 이불째 {floor}으로 옮기세요.",
        "underground": "바로 지상으로 나와 튼튼한 건물의 {floor}으로 가세요. 지하로 돌아가지 마세요.",
    },
    own="지금 있는 건물의 {floor}으로 가세요.",
    stays={
        "hours": "",
        "days": "물이 며칠 빠지지 않을 수 있으니 물, 음식, 약을 챙기세요.",
        "week": "물이 3일 넘게 빠지지 않을 수 있으니 물, 음식, 약, 간이 화장실을 챙기세요.",
    },
    slopes={
        "general": "2층 이상, 비탈에서 가장 먼 방으로 가세요.",
        "step-free": "바로 이웃이나 119에 도움을 청하세요. 기다릴 때는 비탈에서 가장 먼 방에서.",
        "bed-bound": "바로 이웃이나 119에 도움을 청하세요. 기다릴 때는 비탈에서 가장 먼 방에서.",
        "underground": "바로 지상으로 나와 2층 이상, 비탈에서 가장 먼 방으로 가세요.",
    },
    refuge="구의 피난 장소: {name}.",
)

_CHECKS = Checks(
    title="알림 수신 확인",
    body="{until}까지. 아무것도 하지 않으셔도 됩니다. {ward} 알림이 도착하는지 {issuer}에서 확인하고 있습니다. "
    "위험을 알리는 것이 아닙니다. 한 번 누르면 도착한 것을 알 수 있습니다.",
)

WORDS = Words(
    "ko", _NAMES, _WARNINGS, _ORDERS, _RIVERS, _QUAKES, _SILENCES, _INFORMATIONS, _HELPS, _WAYS, _GO_UPS, _CHECKS
)
