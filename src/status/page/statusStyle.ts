import { html } from './html.ts';

/** The style sheet of all pages. The security policy admits it by its hash, so it is written here whole and holds no value. */
export const statusStyle = html`
:root {
  color-scheme: light dark;
  --paper: #f8f7f4; --card: #fffefc; --ink: #1d1f23; --soft: #5a5e67; --line: #e3e0d9; --faint: #d9d6ce; --link: #1f5a96;
  --healthy: #2f8f5b; --healthy-ink: #1c6a40; --degraded: #d08a14; --degraded-ink: #855400; --degraded-wash: #fdf4e0;
  --failing: #cf3a30; --failing-ink: #ad241b; --failing-wash: #fdeeeb; --unknown: #8b92a3; --unknown-ink: #505a70; --unknown-wash: #eef0f5;
  --keyVault: #8a6fc0; --dns: #5b7fd4; --tcp: #3f9ad0; --tls: #2fa6a6; --webSocket: #2d9d78; --mqttConnect: #5aa64b;
  --subscribe: #96a83a; --register: #d19a2a; --assign: #d97a4a; --hub: #b95c86;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --card: #1c1f23; --ink: #e9e7e2; --soft: #a6abb5; --line: #30343a; --faint: #3b4047; --link: #8dbdf0;
    --healthy: #46a873; --healthy-ink: #79cf9f; --degraded: #d9a03c; --degraded-ink: #ecbb66; --degraded-wash: #2b2417;
    --failing: #e2584d; --failing-ink: #ff9a90; --failing-wash: #311d1b; --unknown: #7f879a; --unknown-ink: #b5bccb; --unknown-wash: #22262e;
    --keyVault: #9d86cf; --dns: #7593df; --tcp: #54a9dc; --tls: #45b5b3; --webSocket: #46b08c; --mqttConnect: #70b662;
    --subscribe: #a9b955; --register: #dcab47; --assign: #e08d61; --hub: #cb779c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 70rem; padding: 0 clamp(1rem, 4vw, 2.5rem) 2rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
h1 { font-size: clamp(1.4rem, 1.05rem + 1.7vw, 2.05rem); line-height: 1.2; font-weight: 650; letter-spacing: -0.018em; text-wrap: balance; }
h2 { font-size: 1.05rem; font-weight: 650; letter-spacing: -0.005em; margin: 2.2rem 0 0.75rem; }
h3 { font-size: 1.05rem; font-weight: 600; }
a { color: var(--link); text-underline-offset: 0.18em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; border-radius: 4px; }
main:focus { outline: none; }
code { font: 0.875em/1.4 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
ul, ol { list-style: none; }
del { color: var(--soft); text-decoration-thickness: 1px; }
ins { text-decoration: none; font-weight: 600; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: 0.5rem 1rem; background: var(--card); border-radius: 0 0 6px 6px; z-index: 1; }
.skip:focus { top: 0; }
.note, .where, .aside, .refresh, .top p, .bottom, figcaption { color: var(--soft); font-size: 0.875rem; }
.top { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0.25rem 1.5rem; padding: 1.25rem 0; }
.brand { color: inherit; font-weight: 650; text-decoration: none; }
.brand:hover { text-decoration: underline; }
.bottom { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
nav { margin-bottom: 0.75rem; font-size: 0.9375rem; }

.icon { width: 1.15em; height: 1.15em; flex: none; vertical-align: -0.22em; }
.icon .mark { fill: none; stroke: var(--card); stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; }
.icon .ring { fill: none; stroke: var(--unknown); stroke-width: 2.4; stroke-dasharray: 3.4 3.4; }
.icon.healthy .shape { fill: var(--healthy); } .icon.degraded .shape { fill: var(--degraded); } .icon.failing .shape { fill: var(--failing); }
.icon.unknown .shape, .icon.missed .shape { fill: var(--unknown); }
.icon.degraded .mark { stroke: #1d1f23; }
.state { font-size: 0.875rem; font-weight: 600; color: var(--unknown-ink); white-space: nowrap; }
.state .icon { margin-right: 0.4em; }
.state.healthy { color: var(--healthy-ink); } .state.degraded { color: var(--degraded-ink); } .state.failing { color: var(--failing-ink); }

.hero { display: flex; gap: clamp(0.75rem, 2vw, 1.25rem); padding: clamp(1.1rem, 3vw, 1.75rem); border-radius: 14px; border: 1px solid var(--line); background: var(--card); }
.hero > div { min-width: 0; }
.hero > .icon { width: clamp(1.75rem, 1.3rem + 2vw, 2.5rem); height: clamp(1.75rem, 1.3rem + 2vw, 2.5rem); margin-top: -0.05rem; }
.hero p { margin-top: 0.5rem; max-width: 46rem; }
.hero.failing { background: var(--failing-wash); border-color: color-mix(in srgb, var(--failing) 35%, transparent); }
.hero.degraded { background: var(--degraded-wash); border-color: color-mix(in srgb, var(--degraded) 40%, transparent); }
.hero.unknown, .hero.missed { background: var(--unknown-wash); border-color: color-mix(in srgb, var(--unknown) 45%, transparent); }
.hero .note { color: inherit; }
.hero-list { margin-top: 0.6rem; } .hero-list > li + li { margin-top: 0.15rem; }
.refresh { margin-top: 0.6rem; text-align: right; }
.next strong { font-weight: 650; }
.count { color: var(--soft); font-weight: 400; margin-left: 0.25em; }
.tag { font-size: 0.8125rem; padding: 0.05rem 0.5rem; border: 1px solid var(--degraded); color: var(--degraded-ink); border-radius: 99px; }

.correlations li { padding: 0.7rem 1rem; border-left: 3px solid var(--link); background: var(--card); border-radius: 0 8px 8px 0; }
.plain > li + li { margin-top: 0.6rem; }
.cards > li + li { margin-top: 0.75rem; }
.card { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.9rem 2rem; padding: clamp(0.95rem, 2.4vw, 1.3rem); background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card.failing { border-left: 4px solid var(--failing); } .card.degraded { border-left: 4px solid var(--degraded); }
.card.unknown, .card.missed { border-left: 4px solid var(--unknown); }
.card-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.15rem 0.9rem; }
.card-head .where { flex-basis: 100%; }
.attention p { max-width: 50rem; }
.attention p + p { margin-top: 0.35rem; }
.attention .what { margin-top: 0.7rem; }
.figures { display: flex; flex-wrap: wrap; gap: 0.35rem 1.6rem; }
.figures dt { font-size: 0.8125rem; color: var(--soft); }
.figures dd { font-weight: 600; font-size: 1.0625rem; }
.card-figures .note { margin-top: 0.35rem; }
@media (min-width: 56rem) {
  .card { grid-template-columns: minmax(0, 1fr) 17.5rem; }
  .card-head, .attention { grid-column: 1 / -1; }
  .card.healthy .card-head, .card.none .card-head { grid-column: 1 / -1; }
}

.rail { display: flex; flex-wrap: wrap; gap: 0.4rem 0; margin: 0.75rem 0 0.2rem; font-size: 0.8125rem; line-height: 1.3; }
.rail li { display: flex; align-items: center; color: var(--soft); }
.rail li + li::before { content: ""; width: clamp(0.5rem, 1.5vw, 1.1rem); height: 2px; margin: 0 0.4rem; background: var(--healthy); }
.rail li.passed::after { content: "✓" / ""; margin-left: 0.25rem; color: var(--healthy-ink); font-weight: 700; }
.rail li.stopped { color: var(--failing-ink); font-weight: 650; }
.rail li.stopped::after { content: "✕" / ""; margin-left: 0.3rem; }
.rail li.stopped::before { background: var(--failing); }
.unknown .rail li.stopped, .missed .rail li.stopped { color: var(--unknown-ink); } .degraded .rail li.stopped { color: var(--degraded-ink); }
.rail li.ahead::before { background: none; border-top: 2px dotted var(--unknown); height: 0; }

figure svg { display: block; width: 100%; overflow: visible; }
figure + figure { margin-top: 0.7rem; }
.history svg { height: 2.25rem; } .latency svg { height: 3.5rem; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-top: 0.3rem; font-size: 0.8125rem; }
.history rect:hover { opacity: 0.65; }
rect.healthy { fill: var(--healthy); } rect.degraded { fill: var(--degraded); } rect.failing { fill: var(--failing); }
rect.unknown { fill: var(--unknown); } rect.missed { fill: var(--ink); } path.empty { fill: var(--faint); }
.latency svg { border-bottom: 1px solid var(--faint); }
.clipped { fill: var(--failing); } .track { fill: var(--line); }
.phase-keyVault { fill: var(--keyVault); } .phase-dns { fill: var(--dns); } .phase-tcp { fill: var(--tcp); } .phase-tls { fill: var(--tls); }
.phase-webSocket { fill: var(--webSocket); } .phase-mqttConnect { fill: var(--mqttConnect); } .phase-subscribe { fill: var(--subscribe); }
.phase-register { fill: var(--register); } .phase-assign { fill: var(--assign); } .phase-hub { fill: var(--hub); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 3rem; }
@media (min-width: 56rem) { .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
main > section .history svg { height: 2.75rem; } main > section .latency svg { height: 7rem; }
.card .history svg { height: 2.25rem; } .card .latency svg { height: 3.5rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
caption { text-align: left; color: var(--soft); font-size: 0.875rem; padding-bottom: 0.3rem; }
th { font-weight: 400; text-align: left; }
thead th { color: var(--soft); font-size: 0.8125rem; }
th, td { padding: 0.32rem 0; border-top: 1px solid var(--line); vertical-align: baseline; }
thead th, thead td { border-top: 0; }
.numbers td, .numbers thead th { text-align: right; padding-left: 0.6rem; }
.numbers .total > * { font-weight: 650; }
.numbers .apart > tr:first-child > * { border-top: 2px solid var(--faint); }
.numbers + .note { margin-top: 0.5rem; }
.swatch { width: 0.7rem; height: 0.7rem; margin-right: 0.5rem; }
.waterfall th { width: 8.5rem; padding-right: 0.75rem; }
.waterfall td:last-child { width: 6rem; text-align: right; white-space: nowrap; }
.waterfall svg { display: block; width: 100%; height: 0.75rem; }
.waterfall td { vertical-align: middle; }
.waterfall .ahead > * { color: var(--soft); }
.waterfall .stopped > * { color: var(--failing-ink); font-weight: 600; }
.waterfall strong { display: block; font-size: 0.8125rem; }
.waterfall tfoot > tr > * { font-weight: 650; }
.facts > div { display: grid; grid-template-columns: minmax(6.5rem, 2fr) 3fr; gap: 0 1rem; padding: 0.32rem 0; border-top: 1px solid var(--line); font-size: 0.9375rem; }
.facts > div:first-child { border-top: 0; }
.facts dt { color: var(--soft); }
.facts .aside { margin-left: 0.4rem; }
.across { display: flex; flex-wrap: wrap; gap: 0.6rem 2.25rem; }
.facts.across > div { display: block; border: 0; padding: 0; }
.across dt { font-size: 0.8125rem; }
.soon { color: var(--degraded-ink); } .ended { color: var(--failing-ink); }
.failure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.failure summary { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; align-items: baseline; padding: 0.65rem 1rem; cursor: pointer; border-radius: 10px; }
.failure summary::before { content: "▸" / ""; color: var(--soft); width: 0.8rem; }
.failure[open] summary::before { content: "▾" / ""; }
.failure summary::-webkit-details-marker { display: none; }
.failure summary:hover { background: color-mix(in srgb, var(--ink) 4%, transparent); }
.failure-body { padding: 0.25rem 1rem 1rem; }
.failure-body > * + * { margin-top: 0.6rem; }
.plain + p { margin-top: 1rem; }
.transcript { font-size: 0.875rem; }
.transcript td:first-child { white-space: nowrap; width: 5rem; } .transcript td:nth-child(2) { width: 5.5rem; color: var(--soft); }
.transcript .note > * { color: var(--soft); }
@media (max-width: 30rem) {
  .hero { flex-direction: column; }
  .facts:not(.across) > div { display: block; }
  .transcript td:first-child { width: 4rem; } .transcript td:nth-child(2) { width: 4.5rem; }
  .transcript code { display: block; }
  .waterfall th { width: 7rem; } .waterfall td:last-child { width: 5.2rem; }
}
@media print { .refresh, .skip, .bottom { display: none; } body { background: none; } }
`;
