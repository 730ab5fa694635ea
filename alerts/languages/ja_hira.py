"""やさしい にほんご (ja-Hira): kana, short sentences, spaces between words, one thing to do in each.

Terms: the readings of the official names (ひなん しじ, とくべつ けいほう), which people see and hear elsewhere, and
beside them what to do in everyday words (にげて), after the guideline for plain Japanese of the Immigration Services
Agency and the Agency for Cultural Affairs (在留支援のためのやさしい日本語ガイドライン). Names are in kana where their
reading is known.
"""

from alerts.cap import Severity
from alerts.hazard import HazardKind
from alerts.languages.readings import in_kana
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
    shown=in_kana,
    gap="",
    comma="、",
    level="レベル{level}",
    hazards={
        HazardKind.HEAVY_RAIN: "おおあめ",
        HazardKind.LANDSLIDE: "がけくずれ",
        HazardKind.FLOOD: "こうずい",
        HazardKind.STORM_SURGE: "たかしお",
        HazardKind.STORM: "つよい かぜ",
        HazardKind.SNOWSTORM: "ゆきと かぜ",
        HazardKind.HEAVY_SNOW: "おおゆき",
        HazardKind.WAVE: "たかい なみ",
        HazardKind.THUNDER: "かみなり",
        HazardKind.TORNADO: "たつまき",
        HazardKind.DENSE_FOG: "こい きり",
        HazardKind.DRY_AIR: "かんそう",
        HazardKind.AVALANCHE: "なだれ",
        HazardKind.COLD: "さむさ",
        HazardKind.FROST: "しも",
        HazardKind.ICING: "こおり",
        HazardKind.SNOW_ACCRETION: "おもい ゆき",
        HazardKind.SNOWMELT: "ゆきどけ",
        HazardKind.RECORD_RAIN: "とても つよい あめ",
        HazardKind.EARTHQUAKE: "じしん",
        HazardKind.TSUNAMI: "つなみ",
        HazardKind.VOLCANO: "かざん",
        HazardKind.FIRE: "かじ",
        HazardKind.HEALTH: "からだの きけん",
        HazardKind.SECURITY: "まちの きけん",
        HazardKind.TRANSPORT: "でんしゃ・バス",
        HazardKind.OTHER: "さいがい",
    },
    more_hazards="など",
    warnings={
        Level.PREPARE_MIND: "これから ちゅうい",
        Level.CHECK_ACTION: "ちゅういほう",
        Level.ELDERLY_LEAVE: "けいほう",
        Level.ALL_LEAVE: "きけん けいほう",
        Level.SECURE_LIFE: "とくべつ けいほう",
    },
    orders={
        Level.ELDERLY_LEAVE: "こうれいしゃとう ひなん",
        Level.ALL_LEAVE: "ひなん しじ",
        Level.SECURE_LIFE: "きんきゅう あんぜん かくほ",
    },
    phases={
        Phase.ISSUED: "",
        Phase.RAISED: "あがった",
        Phase.LOWERED: "さがった",
        Phase.EASED: "さがった",
        Phase.CHANGED: "かわった",
        Phase.LIFTED: "おわり",
        Phase.CANCELLED: "とりけし",
        Phase.CORRECTED: "なおした",
    },
    areas="{areas}と ほか{more}かしょ",
    inside="{ward}の {count}かしょ",
    all_areas="ばしょ：{areas}。",
    no_area="この まち",
    issuer="だした ところ",
    municipality="まちの やくしょ",
    day="{month}がつ{day}にち {time}",
    edge="あなたの ばしょは、その ちかくです。",
    not_gone="もう あんぜん、という しらせでは ありません。",
    drill_title="【くんれん】",
    drill_body="くんれんです。",
)

_WARNINGS = Warnings(
    what="{hazard}{more} {warning}",
    what_without_level="{hazard}{more}の しらせ",
    severities={
        Severity.EXTREME: "とても あぶない",
        Severity.SEVERE: "あぶない",
        Severity.MODERATE: "きをつけて",
        Severity.MINOR: "しらせ",
        Severity.UNKNOWN: "あぶない",
    },
    titles=("{level} {hazard}{more} {warning}", "{level} {hazard} {warning}", "{level} {hazard}"),
    titles_of_change=(
        "{level} {hazard}{more} {warning}（{phase}）",
        "{level} {hazard} {warning}（{phase}）",
        "{phase}：{hazard} {warning}",
        "{phase}：{level} {hazard}",
    ),
    title_without_level="{hazard}：{severity}",
    title_of_change_without_level="{hazard}の しらせ（{phase}）",
    level_actions={
        Level.PREPARE_MIND: "あたらしい ニュースを みて",
        Level.CHECK_ACTION: "にげる ばしょを たしかめて",
        Level.ELDERLY_LEAVE: "おとしよりなどは はやく にげて",
        Level.ALL_LEAVE: "にげる じゅんび。くの しらせを みて",
        Level.SECURE_LIFE: "いのちが あぶない。すぐ みを まもって",
    },
    actions={
        HazardKind.HEAVY_RAIN: "ひくい ばしょと ちかから でて",
        HazardKind.LANDSLIDE: "がけや たにから はなれて",
        HazardKind.FLOOD: "かわに ちかづかないで",
        HazardKind.STORM_SURGE: "うみに ちかづかないで",
        HazardKind.STORM: "そとに でないで。まどから はなれて",
        HazardKind.SNOWSTORM: "そとに でないで。くるまも だめ",
        HazardKind.HEAVY_SNOW: "できるだけ そとに でないで",
        HazardKind.WAVE: "うみに ちかづかないで",
        HazardKind.THUNDER: "たてものの なかへ。きの したは だめ",
        HazardKind.TORNADO: "つよい たてものへ。まどは だめ",
        HazardKind.DENSE_FOG: "くるまは ゆっくり。ライトを つけて",
        HazardKind.DRY_AIR: "ひに きをつけて",
        HazardKind.AVALANCHE: "ゆきの やまに ちかづかないで",
        HazardKind.COLD: "あたたかくして。すいどうに ちゅうい",
        HazardKind.FROST: "はたけの ものを まもって",
        HazardKind.ICING: "ふねや でんせんの こおりに ちゅうい",
        HazardKind.SNOW_ACCRETION: "でんせんや きの したは だめ",
        HazardKind.SNOWMELT: "かわや やまに ちかづかないで",
        HazardKind.RECORD_RAIN: "がけ・かわから はなれて",
        HazardKind.EARTHQUAKE: "また ゆれます。がけから はなれて",
        HazardKind.TSUNAMI: "すぐ たかい ところへ にげて",
        HazardKind.VOLCANO: "かざんに ちかづかないで",
        HazardKind.FIRE: "ひと けむりから はなれて",
        HazardKind.HEALTH: "くの しらせを みて",
        HazardKind.SECURITY: "たてものの なかで しらせを みて",
        HazardKind.TRANSPORT: "でかける まえに たしかめて",
        HazardKind.OTHER: "くの しらせを みて",
    },
    first="{level}{action}。{time} {place}。",
    also="{action}。",
    did={
        Phase.ISSUED: "{issuer}が {what}を だしました。",
        Phase.RAISED: "{issuer}が {what}に あげました。",
        Phase.LOWERED: "{issuer}が {what}に さげました。",
        Phase.EASED: "{issuer}の {what}は つづいて います。",
        Phase.CHANGED: "{issuer}が {what}を かえました。",
        Phase.CORRECTED: "{issuer}が {what}を なおしました。",
    },
    lifted="{level}{place} {time} おわり。まだ きをつけて。",
    lifted_more="{issuer}が {what}を おわりに しました。{not_gone}くの しらせが あれば、それを まもって ください。",
    cancelled="{level}{place} {time} とりけし。ニュースを みて。",
    cancelled_more="{issuer}が {what}を とりけしました。まえの しらせは まちがいです。"
    "ほかの けいほうは つづいて いるかも しれません。",
    kinds="あぶない こと：{kinds}。",
    until="この しらせは {until}まで。すぎても、あんぜんという いみでは ありません。",
)

_ORDERS = Orders(
    titles=("{level} {order}",),
    titles_of_change=("{level} {order}（{phase}）", "{phase}：{order}"),
    actions={
        Level.ELDERLY_LEAVE: "おとしよりなどは いま にげて",
        Level.ALL_LEAVE: "みんな あぶない ばしょから にげて",
        Level.SECURE_LIFE: "いのちが あぶない。すぐ みを まもって",
    },
    more={
        Level.ELDERLY_LEAVE: "じかんが かかる ひとは にげて ください。ほかの ひとも じゅんびを して ください。",
        Level.ALL_LEAVE: "そとが あぶない ときは、たかい かいへ。がけから とおい へやへ いって ください。",
        Level.SECURE_LIFE: "うごくと あぶない ときは、いまの たてものの あんぜんな ところへ いって ください。",
    },
    first="{level} {action}。{time} {place}。",
    by="{issuer}が「{order}」（{hazard}）を だしました。",
    holds="おわりの しらせが あるまで つづきます。",
    lifted="{level} {place} {time} おわり。まだ きをつけて。",
    lifted_by="{issuer}が「{order}」（{hazard}）を おわりに しました。",
    cancelled="{level} {place} {time} とりけし。まだ きをつけて。",
    cancelled_by="{issuer}が「{order}」（{hazard}）を とりけしました。",
    goes_on_titles=("{level} {order}は つづいて います", "{level} {order}（つづく）", "つづく：{order}"),
    goes_on="{level} {action}。{until}まで {place}。つづいて います。",
    goes_on_until="{day}にち{time}",
    goes_on_by="{issuer}が だした「{order}」（{hazard}）です。",
)

_RIVERS = Rivers(
    title="{level} いまの かわの みず",
    title_without_level="いまの かわの みず",
    action="かわから はなれて",
    first="{level}{action}。{time} {river}。",
    stage="{station}の みずの たかさは いま {stage}m{trend}。",
    trends={
        Trend.RISING: "（あがって います）",
        Trend.STEADY: "（かわりません）",
        Trend.FALLING: "（さがって います）",
    },
    thresholds={
        1: "じゅんびの たかさ",
        2: "ちゅういの たかさ",
        3: "にげる はんだんの たかさ",
        4: "とても きけんな たかさ",
    },
    below="「{threshold}」まで あと {metres}m。",
    above="「{threshold}」より たかいです。",
    forecast="これからの よそう：{time}に {stage}m。",
    depths={
        1: "0.5mより すくない",
        2: "0.5mから 3m",
        3: "3mから 5m",
        4: "5mより おおい",
        5: "10mより おおい",
        6: "20mより おおい",
    },
    depth_unknown="わかりません",
    depth="かわが あふれると、みずの ふかさ：{depth}。",
    end="{issuer}の しらせ。{until}を すぎても、あんぜんという いみでは ありません。",
    river="かわ",
)

_QUAKES = Quakes(
    intensities={
        Intensity.LOWER_5: "しんど5じゃく",
        Intensity.UPPER_5: "しんど5きょう",
        Intensity.LOWER_6: "しんど6じゃく",
        Intensity.UPPER_6: "しんど6きょう",
        Intensity.SEVEN: "しんど7",
    },
    titles=("じしん {intensity}",),
    titles_of_change=("じしん {intensity}（{phase}）",),
    first="{intensity}。みを まもって。また ゆれます。{time} {place}。",
    after="ゆれが おわったら、くつを はく。ひを けす。ドアを あける。エレベーターは つかわない。",
    strong="かたむいた いえ・へい・がけから はなれて ください。",
    sea="うみや かわの ちかくでは、つなみの しらせを みて ください。",
    by="{issuer}の しらせです。",
    end="じかんが すぎても、もう ゆれないという いみでは ありません。",
    waves={"大津波警報": "おおつなみ けいほう", "津波警報": "つなみ けいほう", "津波注意報": "つなみ ちゅういほう"},
    wave_titles=("{wave}",),
    wave_titles_of_change=("{wave}（{phase}）",),
    wave_first="{wave} {action}。{time} {place}。",
    flee="すぐ たかい ところへ にげて",
    shore="うみから でて はなれて",
    height="なみの たかさは {metres}mくらい。",
    height_over="なみの たかさは {metres}mより たかい。",
    height_unknown="なみの たかさは まだ わかりません。とても たかいかも しれません。",
    arriving="もう きて いるかも しれません。かわからも はなれて ください。",
    arrives="さいしょの なみは {time}ごろ。つぎの なみは もっと たかいかも しれません。かわからも はなれて ください。",
    wave_by="{issuer}の しらせです。",
    wave_end="おわりの しらせが あるまで、もどらないで ください。",
)

_SILENCES = Silences(
    title="ひなんの しじは まだ ありません",
    title_across="あなたの まちの しじは ありません",
    across="{ward}は {order}を だしました。あなたの ばしょの しじは まだ ありません。しじを またないで ください。"
    "あんぜんという しらせでは ありません。",
    first="{level}くらい。あぶないと おもったら いま にげて。{time}{place}。",
    no_order="しじを またないで ください。まちの やくしょの しじは まだ ありません。"
    "あんぜんという しらせでは ありません。",
    shelters="あいている ひなんじょ：{shelters}。",
    no_shelters="あいている ひなんじょは、まだ わかりません。",
    titles_of_end={
        SilenceOver.NEIGHBOUR: "となりの しじの しらせは おわり",
        SilenceOver.ORDERED: "「しじは ない」の しらせは おわり",
        SilenceOver.UNORDERED: "「しじは まだ」の しらせは おわり",
    },
    ends={
        SilenceOver.NEIGHBOUR: "まわりに きを つけて ください。{time}、{ward}の しじは なくなったか、かわりました。"
        "まえの しらせは もう おわりです。",
        SilenceOver.ORDERED: "しじの とおりに して ください。{time}、あなたの ばしょに しじが でています。"
        "「しじは ない」という まえの しらせは もう おわりです。",
        SilenceOver.UNORDERED: "あぶないと おもったら、しじを またないで にげて ください。{time}、"
        "あなたの ばしょの しじは でて いません。「しじは まだ」という まえの しらせは もう おわりです。",
    },
)

_INFORMATIONS = Informations(
    title="とうろくした ばしょ {hazard}",
    titles_of_change=("とうろくした ばしょ {hazard} {phase}", "{hazard} {phase}"),
    first="{level} {time} {place}：とうろくした ばしょの しらせです。",
    first_without_level="{time} {place}：とうろくした ばしょの しらせです。",
    order="「{order}」（{hazard}）",
    warning="{hazard} {warning}",
    information="{hazard}の しらせ",
    issued="{issuer}：{place}に {what}が でました。",
    changed="{issuer}：{place}の {what}は「{phase}」です。",
    not_for_you="あなたが いる ばしょの しじでは ありません。",
)

_HELPS = Helps(
    line="{ward} {number}",
    named="わからない ときは {lines}に でんわ。いのちが あぶない ときは 119に でんわ。",
    unnamed="わからない ときは まちの やくしょに きいて ください。いのちが あぶない ときは 119に でんわ。",
)

_WAYS = Ways(
    here="この ばしょ",
    title="{place}：{act}",
    title_end="{place}：みちの あんない おわり",
    end="{level}ここの「{order}」は おわり。{time}。まえの みちの あんないは おわりました。",
    check="くの しらせを みて ください。",
    first="{level}{act}。{time}。",
    first_changed="{level}{why}→{act}。{time}。",
    why={
        "way-cut": "{name}は とおれない",
        "shelter-lost": "{name}は つかえない",
        "better-way": "ちかい みち",
        "room-found": "ひなんじょが あいた",
        "ward-full": "ほかの くは いっぱい",
        "restored": "{name}が つかえる",
        "danger": "あぶなく なった",
    },
    unnamed="まえの みち",
    acts={
        "go": "{name}へ にげて",
        "leave-early": "{by} ほかの まちへ にげて",
        "go-up": "そとに でないで たかい かいへ",
        "stay": "いまの たてものに いて",
    },
    act_titles={
        "go": "{name}へ",
        "leave-early": "{by} ほかの まちへ",
        "go-up": "たかい かいへ",
        "stay": "たてものに いる",
    },
    by_time="{time}までに",
    early="はやく",
    replaces="{time}の あんないは つかわないで ください。",
    walk="あるいて {minutes}ふん、ゆっくり {slow}ふん。",
    turns="{turns}。",
    turn="{metres}mで {side}",
    turn_at="{metres}m、{at}で {side}",
    turn_street="{street}を {metres}m、{side}",
    turn_street_at="{street}を {metres}m、{at}で {side}",
    sides={"straight": "まっすぐ", "left": "ひだり", "right": "みぎ", "back": "もどる"},
    designated="あいて いるか、まだ わかりません。",
    unconfirmed="とおれないかも しれない ところが あります（{time}）。",
    turn_back="みずが あったら もどる。とおれなかったら もどる。",
    leave_how="でんしゃが うごいて いる うちに、しんせきの いえや ホテルへ いって ください。",
    leave_to="でんしゃが うごいて いる うちに、{name}か しんせきの いえや ホテルへ いって ください。",
    no_way="そとの みちは あんぜんでは ありません。",
    step_free_way="だんさの ない みち：{name}へ（ゆっくり {slow}ふん）。",
    step_free_act="くるまいすなどの ひと：{act}",
    step_free_none="だんさの ない みちは ありません。ちかくの ひとか 119に たすけて もらって ください。",
    other_side="かわや せんろの むこうの ひとは、がめんを みて ください。",
    by="{issuer}の「{order}」の あんない。みちは {time}の じょうほう。",
)

_GO_UPS = GoUps(
    floor="{floor}かいより うえ",
    floor_top="いちばん たかい かい",
    collapse="きの いえは ながされるかも しれません。",
    under="みずの ふかさ {depth}。2かいだての いえは しずむかも しれません。",
    under_unknown="ふかさは わかりません。2かいだての いえは しずむかも しれません。",
    acts={
        "general": "ちかくの つよい たてものの {floor}へ いって ください。",
        "step-free": "すぐ ちかくの ひとか 119に たすけて もらって、{floor}へ。"
        "まつ ときは あんぜんな たかい ところで。",
        "bed-bound": "ひとりで うごかさないで。すぐ 119か ちかくの ひとに たすけて もらって、{floor}へ。",
        "underground": "すぐ ちかから でて ください。つよい たてものの {floor}へ。ちかに もどらないで ください。",
    },
    own="いまの たてものの {floor}へ いって ください。",
    stays={
        "hours": "",
        "days": "みずは なんにちも なくなりません。みず・たべもの・くすりを もって ください。",
        "week": "みずは 3にちより ながく なくならないかも しれません。みず・たべもの・くすりを もって ください。",
    },
    slopes={
        "general": "2かいより うえの、がけから とおい へやへ いって ください。",
        "step-free": "すぐ ちかくの ひとか 119に たすけて もらって。まつ ときは がけから とおい へやで。",
        "bed-bound": "すぐ ちかくの ひとか 119に たすけて もらって。まつ ときは がけから とおい へやで。",
        "underground": "すぐ ちかから でて、2かいより うえの がけから とおい へやへ いって ください。",
    },
    refuge="くの にげる ところ：{name}。",
)

_CHECKS = Checks(
    title="とどくか たしかめて います",
    body="{until}まで。なにも しなくて いいです。{ward}に しらせが とどくか "
    "{issuer}が たしかめて います。あぶない ことの しらせでは ありません。1かい おすと、とどいた ことが わかります。",
)

WORDS = Words(
    "ja-Hira", _NAMES, _WARNINGS, _ORDERS, _RIVERS, _QUAKES, _SILENCES, _INFORMATIONS, _HELPS, _WAYS, _GO_UPS, _CHECKS
)
