"""The words of a rehearsal: what each step is, what to do, why, and what to practise."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.practice.rehearsal import TIME_TO_FILL, Fault, Step


@dataclass(frozen=True, slots=True)
class Entry:
    """One step in words."""

    title: str
    english: str
    what: str
    why: str


ENTRIES: Mapping[Step, Entry] = {
    Step.GAUGE: Entry(
        "川が上がった",
        "A gauge crosses its level",
        "訓練の水位計が、氾濫危険水位を超えました。案は自分で開きました。",
        "本番でも案は自分で開きます。あなたが始めるのは、読むことです。",
    ),
    Step.MEND: Entry(
        "「送れません」を直す",
        "Mend what stops it",
        f"案の文に {TIME_TO_FILL} が残っていて、送れません。"
        "文を直す画面で、いまの時刻（例 21:05）に書きかえて保存してください。",
        "送れないのは五つだけです：範囲・行動・時刻・訓練の言葉・長さ。ほかは注意で、そのまま送れます。",
    ),
    Step.SECOND: Entry(
        "もう一人が承認する",
        "A second person approves",
        "文を声に出して読み、確認コードを入れて、訓練の第二者として承認してください。",
        "本番では、もう一人が自分の端末で同じ文を見て承認します。見た文と違えば送られません。",
    ),
    Step.FOLLOW: Entry(
        "送られたか確かめる",
        "Was it sent?",
        "送信の状況を開き、いちばん上の一語を見て、ここに戻って答えてください。",
        "UNKNOWN のときは、待ってから読み直します。もう一度押しても二重には送られません。",
    ),
    Step.CLOSE: Entry(
        "道を閉じる",
        "Close a road",
        "架空の町で、橋か道を一つ通行止めにし、だれの行き先が変わるかを見てください。",
        "本番の通行止めは、承認を待たずに道を変えます。人数が多いときは名前をもう一度聞かれます。",
    ),
    Step.CORRECT: Entry(
        "誤りを取り消す",
        "Correct a mistake",
        "連絡がありました：さっきの水位は点検中の値でした。送信の状況の「誤りとして取り消す」を押してください。",
        "取り消しは一人で、一押しでできます。前に知らせた全員に、いまどこにいても届きます。",
    ),
    Step.AGAIN: Entry(
        "もう一度、本当に上がった",
        "It rises again",
        "川が本当に上がり、案がまた開きました。読んで、訓練の第二者として承認してください。",
        "直すところがなければ、二人で四つずつの操作で送れます。",
    ),
    Step.ALL_CLEAR: Entry(
        "解除する",
        "All clear",
        "水位が下がりました。送信の状況の「解除する」を押してください。",
        "期限が来ても、音がしなくなっても、解除にはなりません。解除は人が押します。",
    ),
}

FAULT_WORDS: Mapping[Fault, str] = {
    Fault.STATE_MISREAD: "SENT・NOT SENT・UNKNOWN の読み方（いちばん上の一語だけを見る）",
    Fault.LIFTED_A_MISTAKE: "誤りは「解除する」ではなく「誤りとして取り消す」（知らせた全員に届く）",
    Fault.TOOK_BACK_WHAT_WAS_TRUE: "終わった危険は「誤りとして取り消す」ではなく「解除する」",
}

PRACTISE: Mapping[Step, str] = {
    Step.GAUGE: "案を開くまでを早く",
    Step.MEND: "「送れません」の行を読み、その欄だけを直す",
    Step.SECOND: "確認コードの用意を先にする",
    Step.FOLLOW: "送信の状況の場所を覚える",
    Step.CLOSE: "道を名前で選ぶ",
    Step.CORRECT: "取り消しのボタンの場所を覚える",
    Step.AGAIN: "確認コードの用意を先にする",
    Step.ALL_CLEAR: "解除のボタンの場所を覚える",
}
