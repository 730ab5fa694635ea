"""The page at a shelter's door: four large buttons and a call for help, on a phone, in rain and without network.

Works as a plain form. Where scripts run, what is pressed without network waits on the phone with its time and is
sent as soon as there is one.
"""

from datetime import datetime
from html import escape

from alerts.shelter import OccupancyBand
from alerts.wording import JAPAN
from api.drawing.style import BASE
from api.intake.gate_pass import GatePass

BANDS: dict[OccupancyBand, tuple[str, str]] = {
    OccupancyBand.EMPTY: ("空いている", "under a third"),
    OccupancyBand.FILLING: ("やや混雑", "under two thirds"),
    OccupancyBand.CROWDED: ("混雑", "nearly full"),
    OccupancyBand.FULL: ("満員", "full"),
}
NEEDS: dict[str, tuple[str, str]] = {
    "medical": ("急病・けが", "medical help"),
    "water-food": ("水・食料", "water, food"),
    "power": ("電気", "power"),
    "staff": ("人手", "staff"),
    "danger": ("ここが危ない", "this site is in danger"),
}

STYLE = (
    BASE
    + """
main{max-width:30rem;margin:0 auto;padding:.8rem}
h1{font-size:1.3rem;margin:.2rem 0}
.bands{display:grid;gap:.6rem;margin:1rem 0}
button{font:inherit;font-weight:800;border-radius:.8rem;border:3px solid var(--ink);background:var(--card);
color:var(--ink);cursor:pointer}
.bands button{min-height:4.6rem;font-size:1.6rem}
button small{color:inherit}.bands button small{display:block;font-size:.9rem;font-weight:400}
.bands button[value=full]{background:#14181d;color:#fff}
.help{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.help button{min-height:3.4rem;border-style:dashed}
[role=status]{min-height:3rem;font-size:1.15rem;font-weight:700}
button:focus-visible{outline:4px solid #1a73e8;outline-offset:2px}
"""
)

SCRIPT = """'use strict';
const form = document.querySelector('form'), said = document.querySelector('[role=status]');
const key = 'gate ' + location.pathname;
const waiting = () => JSON.parse(localStorage.getItem(key) || '[]');
const keep = (all) => localStorage.setItem(key, JSON.stringify(all));
const clock = (at) => new Date(at).toLocaleTimeString('ja-JP', {hour: '2-digit', minute: '2-digit'});
let sending = false;
async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let all = waiting(); all.length; all = waiting()) {
      const one = all[0];
      const answer = await fetch(location.pathname, {method: 'POST', headers: {accept: 'application/json'},
        body: new URLSearchParams(one)});
      if (answer.status >= 500 || answer.status === 429) throw new Error('later');
      keep(all.slice(1));
      const told = await answer.json().catch(() => ({}));
      said.textContent = answer.ok ? `✓ ${clock(one.at)} 「${one.label}」を送りました。` :
        `✕ 送れませんでした：${told.title || answer.status}`;
    }
  } catch {
    const all = waiting();
    said.textContent =
      `圏外です。${all.length}件をこの電話に保存しました（${clock(all[0].at)}〜）。つながると自動で送ります。`;
  } finally { sending = false; }
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  keep([...waiting(), {[pressed.name]: pressed.value, at: new Date().toISOString(), label: pressed.dataset.label}]);
  said.textContent = '送信中…';
  send();
});
addEventListener('online', send);
setInterval(() => { if (waiting().length) send(); }, 5000);
if (waiting().length) send();
if ('serviceWorker' in navigator) navigator.serviceWorker.register('/s/sw.js', {scope: '/s/'});
"""

# The page itself without network: kept when it was seen, fresh whenever there is a network.
WORKER = """'use strict';
self.addEventListener('install', () => self.skipWaiting());
// The page that brought this worker was loaded before it: it is kept now. There may be no second visit.
self.addEventListener('activate', (event) => event.waitUntil((async () => {
  await self.clients.claim();
  const kept = await caches.open('gate'), pages = await self.clients.matchAll();
  await Promise.allSettled([...pages.map((page) => page.url), '/s/gate.js'].map((address) => kept.add(address)));
})()));
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  event.respondWith((async () => {
    const kept = await caches.open('gate');
    try {
      const answer = await fetch(event.request);
      if (answer.ok) await kept.put(event.request, answer.clone());
      else if (answer.status === 410) await kept.delete(event.request);
      return answer;
    } catch {
      return (await kept.match(event.request)) || Response.error();
    }
  })());
});
"""


def gate_page(gate: GatePass, done: str) -> str:
    """Return the page of *gate*; *done* says what was sent last, empty before anything was."""
    bands = "".join(
        f'<button name="band" value="{band.value}" data-label="{ja}">{ja}<small lang="en">{en}</small></button>'
        for band, (ja, en) in BANDS.items()
    )
    needs = "".join(
        f'<button name="need" value="{need}" data-label="{ja}">{ja}<br><small lang="en">{en}</small></button>'
        for need, (ja, en) in NEEDS.items()
    )
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(gate.name)} 混雑の報告</title><style>{STYLE}</style></head><body><main>"
        f"<p class=soft>避難所の職員用 <small lang=en>for shelter staff</small></p><h1>{escape(gate.name)}</h1>"
        f'<p role="status" aria-live="polite">{escape(done)}</p>'
        '<form method="post"><p>いまの混み具合を押してください。<small lang="en">Press how full it is now.</small></p>'
        f'<div class="bands">{bands}</div>'
        '<p>助けが必要 <small lang="en">Need help</small></p>'
        f'<div class="help">{needs}</div></form>'
        "<p class=soft>1時間報告がないと、住民の地図で「未確認」になります。"
        '<small lang="en">After an hour without news residents see this site as unconfirmed.</small></p>'
        '</main><script src="/s/gate.js" defer></script></body></html>'
    )


def done_line(label: str, at: datetime) -> str:
    """Return what stands above the buttons after a form was sent without scripts."""
    return f"✓ {at.astimezone(JAPAN).strftime('%H:%M')} 「{label}」を送りました。"
