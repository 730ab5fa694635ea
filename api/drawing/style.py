"""The style sheets, inline and allowed by their hash: the first page is one request."""

from api.drawing.look import APPEARANCES

_LOOKS = "".join(f".{look.value}{{fill:{a.fill};background:{a.fill};color:{a.ink}}}" for look, a in APPEARANCES.items())

BASE = """
:root{--page:#f4f6f8;--card:#fff;--ink:#14181d;--soft:#4a5560;--line:#c9d1d9;--around:#e3e5e8;--land:#fbfaf6;
--border:#7b8794;--halo:#fff;--care:#fff4d6;--care-ink:#4a3500;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--page:#0e1216;--card:#181e25;--ink:#f1f4f7;--soft:#b3bec9;--line:#3a4550;
--around:#12161a;--land:#333c46;--border:#95a3b0;--halo:#12171c;--care:#3b2f0c;--care-ink:#ffe9ad}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.55;overflow-wrap:anywhere;
font-family:system-ui,"Hiragino Sans","Noto Sans CJK JP","Noto Sans JP","Yu Gothic UI",sans-serif}
a{color:inherit}[hidden]{display:none!important}
h1{font-size:1.05rem;margin:0}h2{font-size:1rem;margin:0 0 .5rem}h3{font-size:1.05rem;margin:0}p{margin:.25rem 0}
small,.soft{color:var(--soft);font-size:.85rem}
"""

PAGE = (
    BASE
    + """
header{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline;padding:.55rem .9rem;
border-bottom:1px solid var(--line);background:var(--card)}
.signup{margin-left:auto;border:2px solid currentColor;border-radius:.5rem;padding:.35rem .8rem;font-weight:700;
text-decoration:none}:target{outline:3px solid #1a73e8;outline-offset:4px}
main{max-width:86rem;margin:0 auto;padding:.7rem .7rem 2rem;display:grid;gap:.8rem;align-items:start;
grid-template-columns:minmax(0,1fr)}
section,.worst{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem}
.worst{display:flex;flex-wrap:wrap;gap:.8rem;align-items:center;padding:.6rem .75rem}.worst>div{flex:1 1 9rem}
.worst strong{font-size:1.35rem;line-height:1.25;display:block}
.chip{display:inline-flex;flex:none;align-items:center;gap:.35rem;border-radius:.4rem;padding:.1rem .5rem;
font-weight:700;border:1px solid var(--ink);white-space:nowrap}
.worst .chip{flex-direction:column;gap:0;padding:.3rem .6rem;font-size:.9rem;min-width:5.2rem;text-align:center}
.worst .chip b{font-size:2.2rem;line-height:1.05}
.alarm{background:var(--care);color:var(--care-ink);border:2px solid currentColor;border-radius:.6rem;
padding:.55rem .75rem;font-weight:600}
.map{display:block;width:100%;height:auto;border-radius:.4rem;border:1px solid var(--line)}
.around{fill:var(--around)}.land{fill:var(--land)}.danger{fill-rule:evenodd;stroke:var(--halo);stroke-width:6;fill-opacity:.93}
.danger.l5{stroke:#fff;stroke-width:8}.japan .danger{stroke-width:2}
.japan .border{stroke-width:1}.border{fill:none;stroke:var(--border);stroke-width:5}
.ward{font-size:58px;font-weight:600;text-anchor:middle;fill:var(--ink);stroke:var(--halo);stroke-width:14px;
paint-order:stroke;stroke-linejoin:round}
/* The colour is around the badge; inside it only contrast counts. */
.badge circle{fill:#fff;stroke:#14181d;stroke-width:6}
.badge .mark{fill:#14181d;font-size:62px;font-weight:800;text-anchor:middle;dominant-baseline:central}
@media (max-width:40rem){.ward{font-size:66px}.badge .mark{font-size:76px}}
ul{list-style:none;margin:0;padding:0}
.choose{display:flex;flex-wrap:wrap;gap:.6rem;list-style:none;margin:0;padding:0}
.choose a{display:inline-block;padding:.55rem .7rem;border:1px solid var(--line);border-radius:.4rem}
.legend{display:flex;flex-wrap:wrap;gap:.35rem;margin:.6rem 0 .4rem;font-size:.85rem}
.legend .chip{white-space:normal}
.areas{margin:.5rem 0 0}.areas li{display:flex;flex-wrap:wrap;gap:.1rem .5rem;align-items:baseline;margin:.3rem 0}
.areas li>.chip+span{flex:1 1 9rem}
.notices>li{border-top:1px solid var(--line);padding:.7rem 0}.notices>li:first-child{border-top:0;padding-top:.2rem}
.head{display:flex;gap:.5rem;align-items:center;flex-wrap:wrap}
.lapsed{font-weight:700;color:var(--care-ink);background:var(--care);padding:.2rem .5rem;border-radius:.3rem}
.tabs{display:flex;flex-wrap:wrap;gap:0 .9rem;align-items:baseline;justify-content:space-between}
.tabs a,.tabs b{padding:.3rem .5rem;display:inline-block}
h3{margin:.4rem 0}.head h3{margin:0}.act{font-weight:700;font-size:1.1rem}
footer{padding:0 1rem 2rem;text-align:center}
@media (min-width:60rem){main{grid-template-columns:minmax(0,1.05fr) minmax(0,1fr)}
.wide{grid-column:1/-1}.place{position:sticky;top:.7rem}.map{max-height:calc(100vh - 16rem);background:var(--around)}}
"""
    + _LOOKS
)

# The plain form by which a road is reported: a sheet beside the page's, which is on each page of a shard.
REPORT = """
main.report{max-width:34rem}.report label,.report fieldset{display:block;margin:.6rem 0}
.report .pick{min-height:2.6rem}.report fieldset{border:1px solid var(--line);border-radius:.4rem}
.report input[name=place]{display:block;width:100%;font:inherit;min-height:2.8rem;padding:.3rem .6rem;
border:1px solid var(--soft);border-radius:.4rem;background:var(--page);color:inherit}
.report .pick input{width:1.3rem;height:1.3rem;vertical-align:middle;margin-right:.5rem}
.report button{font:inherit;font-weight:700;width:100%;min-height:3.2rem;border:2px solid currentColor;
border-radius:.5rem;background:var(--card);color:inherit}
@media (min-width:60rem){main.report{grid-template-columns:minmax(0,1fr)}}
"""

CONSOLE = (
    BASE
    + """
header{padding:.7rem 1rem;border-bottom:3px solid var(--ink);background:var(--card)}
main{max-width:90rem;margin:0 auto;padding:1rem;display:grid;gap:1rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem;overflow-x:auto}
.alarm{background:var(--care);color:var(--care-ink);border:2px solid currentColor;border-radius:.5rem;
padding:.6rem .9rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
th{white-space:nowrap;color:var(--soft);font-weight:600}td ul{list-style:none;margin:0;padding:0}
.chip{display:inline-block;border-radius:.3rem;padding:0 .5rem;font-weight:700;
border:1px solid var(--ink);white-space:nowrap}
code{font-size:.85em}
header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center}header form{margin-left:auto}
main.narrow{max-width:30rem}
label{display:block;margin:.5rem 0}input{display:block;font:inherit;width:100%;min-height:2.6rem;padding:.3rem .6rem;
border:1px solid var(--soft);border-radius:.4rem;background:var(--page);color:inherit}
button,a.go{font:inherit;min-height:2.6rem;padding:.4rem 1rem;border-radius:.4rem;border:2px solid var(--ink);
background:var(--card);color:inherit;cursor:pointer;text-decoration:none;display:inline-block}
button.go{background:#14324f;color:#fff;border-color:#14324f;font-weight:700;width:100%;min-height:3.2rem;
font-size:1.05rem}
button.go small{color:inherit}
select{display:block;font:inherit;width:100%;min-height:2.6rem;padding:.3rem .6rem;border:1px solid var(--soft);
border-radius:.4rem;background:var(--page);color:inherit}fieldset{border:1px solid var(--line);border-radius:.4rem;
margin:.6rem 0;padding:.3rem .7rem}legend{font-weight:600}.ticks{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem}
label.tick{display:flex;gap:.45rem;align-items:center;min-height:2.4rem;margin:0}
.tick input{width:1.3rem;min-height:1.3rem;height:1.3rem;flex:none;accent-color:#14324f}
nav a{display:inline-block;padding:.4rem .2rem}
@media (min-width:60rem){main.forms{grid-template-columns:1fr 1fr;align-items:start}main.forms nav,main.forms>p,
main.forms>[role=status]{grid-column:1/-1}}.beside{display:grid;gap:1rem;min-width:0}td progress{min-width:7rem}
.at{white-space:nowrap}
button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible,
summary:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
textarea{display:block;font:inherit;width:100%;padding:.3rem .6rem;border:1px solid var(--soft);border-radius:.4rem;
background:var(--page);color:inherit}textarea:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
.map{display:block;width:100%;height:auto;max-height:24rem;border-radius:.4rem;border:1px solid var(--line);
background:var(--around)}.around{fill:var(--around)}.land{fill:var(--land)}
.danger{fill-rule:evenodd;stroke:var(--ink);stroke-width:6;fill-opacity:.75}
.border{fill:none;stroke:var(--border);stroke-width:5}
.ward{font-size:64px;font-weight:600;text-anchor:middle;fill:var(--ink);stroke:var(--halo);stroke-width:14px;
paint-order:stroke;stroke-linejoin:round}
.drill{background:#0b5d3b}.drill main{background:var(--page)}
.drill header{background:#0b5d3b;color:#fff;border-color:#fff}.drill header small{color:#fff}
.drill section{border:4px dashed #0b5d3b}.drill button.go{background:#0b5d3b;border-color:#0b5d3b}
.chip.exercise{background:#0b5d3b;color:#fff}
.rehearsing{background:#0b5d3b;color:#fff;display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;
padding:.5rem 1rem;border-bottom:4px dashed #fff}.rehearsing a.go{background:#fff;color:#0b5d3b;border-color:#fff}
.real{background:#8b0000;color:#fff;padding:.7rem 1rem;font-size:1.15rem;display:grid;gap:.4rem}
.real a.go{background:#fff;color:#8b0000;border-color:#fff;font-weight:700}
.practice{border:2px dashed currentColor;border-radius:.4rem;padding:.4rem .7rem}main.rehearsal{max-width:44rem}
main.rehearsal th{white-space:normal}main.rehearsal th,main.rehearsal td{padding:.3rem}
.quarter{display:block;width:100%;max-width:34rem;height:auto;margin:.5rem 0;background:var(--land);
border:1px solid var(--line);border-radius:.4rem}.quarter .river{fill:#9cc4e4}.quarter .road{stroke:var(--border);
stroke-width:3}.quarter .way{stroke:#0b5d3b;stroke-width:7}.quarter .closed{stroke:#8b0000;stroke-width:5;fill:none}
.quarter .home{fill:var(--ink)}.quarter .site{fill:#fff;stroke:#0b5d3b;stroke-width:5}
.quarter text{font-size:11px;fill:var(--ink);stroke:var(--halo);stroke-width:3px;paint-order:stroke}
.quarter .mid{text-anchor:middle}.quarter .end{text-anchor:end}progress{width:100%;height:1.2rem}
main.card{max-width:60rem;gap:.5rem}main.card section{padding:.5rem .8rem}main.card ol{margin:0;padding-left:1.3rem}
main.card li{margin:.15rem 0}main.card td.fill{min-width:10rem;color:var(--soft)}main.card th small{font-weight:400}
@page{size:A4;margin:9mm}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#888}.rehearsing{display:none}
main.card{max-width:none;padding:0;gap:.3rem;font-size:10pt;line-height:1.3}main.card small{font-size:8pt}
main.card h1{font-size:12pt}main.card h2{font-size:11.5pt;margin:0 0 .1rem}main.card table{font-size:10pt}
main.card section{break-inside:avoid;padding:.2rem .5rem;border-radius:0;overflow:visible}main.card p{margin:.1rem 0}
main.card th,main.card td{padding:.1rem .35rem}main.card td.fill{height:1.6rem}}
#drawing{height:22rem;border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0}
#drawing:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}
.report-at{min-height:1.7rem;padding:0 .5rem;background:#fff3c4;color:#14181d;border:2px solid #7a4b00;
border-radius:1rem;font-size:.85rem;font-weight:700}.maplibregl-popup-content{color:#14181d}
.maplibregl-popup-content a.go,.maplibregl-popup-content button{background:#fff;color:#14181d;border-color:#14181d}
.ending{border:3px solid #1b6e3c}.ending ul{list-style:none;margin:0;padding:0}
.ends{display:grid;gap:.5rem}.pair{display:flex;flex-wrap:wrap;gap:.6rem}.pair form{margin:0}
.done{border:2px solid #1b6e3c;border-radius:.5rem;padding:.6rem .9rem}
.findings{list-style:none;margin:0;padding:0;display:grid;gap:.4rem}
.findings li{border-radius:.4rem;padding:.4rem .7rem;border:2px solid currentColor}
.findings .stop{background:#8b0000;color:#fff;font-weight:700}
.findings .stop small{color:inherit}.findings .warn{background:var(--care);color:var(--care-ink)}
.text{border-left:4px solid var(--line);padding:.2rem .7rem;margin:.5rem 0}.text strong,.text small{display:block}
.text p{margin:.1rem 0;white-space:pre-wrap}
details.text{display:inline-block;vertical-align:top;margin-right:.6rem}
details.text[open]{display:block}.acts{border-width:3px}summary{padding:.5rem 0;cursor:pointer}
@media (max-width:40rem){main{padding:.5rem}section{padding:.6rem}}
"""
    + _LOOKS
)
