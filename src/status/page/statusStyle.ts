import { html } from './html.ts';

/** The style sheet of all pages. The security policy allows it by its hash, so it must be constant. */
export const statusStyle = html`
:root {
  color-scheme: light dark;
  --paper: #f8f7f4; --card: #fffefc; --ink: #1d1f23; --soft: #5a5e67; --line: #e3e0d9; --faint: #d9d6ce; --link: #1f5a96;
  --healthy: #2f8f5b; --healthy-ink: #1c6a40; --degraded: #d08a14; --degraded-ink: #855400; --degraded-wash: #fdf4e0;
  --failing: #cf3a30; --failing-ink: #ad241b; --failing-wash: #fdeeeb; --unknown: #8b92a3; --unknown-ink: #505a70; --unknown-wash: #eef0f5;
  --keyVault: #8a6fc0; --dns: #5b7fd4; --tcp: #3f9ad0; --tls: #2fa6a6; --webSocket: #2d9d78; --mqttConnect: #5aa64b;
  --subscribe: #96a83a; --register: #d19a2a; --assign: #d97a4a; --waiting: #ecc3ab; --hub: #b95c86;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --card: #1c1f23; --ink: #e9e7e2; --soft: #a6abb5; --line: #30343a; --faint: #3b4047; --link: #8dbdf0;
    --healthy: #46a873; --healthy-ink: #79cf9f; --degraded: #d9a03c; --degraded-ink: #ecbb66; --degraded-wash: #2b2417;
    --failing: #e2584d; --failing-ink: #ff9a90; --failing-wash: #311d1b; --unknown: #7f879a; --unknown-ink: #b5bccb; --unknown-wash: #22262e;
    --keyVault: #9d86cf; --dns: #7593df; --tcp: #54a9dc; --tls: #45b5b3; --webSocket: #46b08c; --mqttConnect: #70b662;
    --subscribe: #a9b955; --register: #dcab47; --assign: #e08d61; --waiting: #7a4f39; --hub: #cb779c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 78rem; padding: 0 clamp(1rem, 4vw, 2.5rem) 2rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
h1 { font-size: clamp(1.3rem, 1.05rem + 1.7vw, 2.05rem); line-height: 1.2; font-weight: 650; letter-spacing: -0.018em;  }
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
.filters ul { min-width: 0; position: relative; }
.filters { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.4rem; margin-top: 0.4rem; font-size: 0.875rem; }
.filters > div { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.3rem 0.75rem; }
.filters h2 { margin: 0; font-size: 0.875rem; font-weight: 400; color: var(--soft); min-width: 4.5rem; }
.filters ul { display: flex; flex-wrap: wrap; gap: 0.3rem; }
.filters a { display: inline-block; padding: 0.1rem 0.6rem; border: 1px solid var(--line); border-radius: 99px; background: var(--card); color: var(--ink); text-decoration: none; }
.filters a:hover { border-color: var(--link); } .filters a[aria-current] { border-color: var(--ink); font-weight: 600; }
.filters .icon { width: 0.9em; height: 0.9em; margin-right: 0.35em; vertical-align: -0.1em; }
.run-now { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-top: 1rem; }
button { font: inherit; font-weight: 600; padding: 0.3rem 1rem; border: 1px solid var(--link); border-radius: 8px; background: var(--card); color: var(--link); cursor: pointer; }
button:hover { background: var(--link); color: var(--card); }
.copy { user-select: all; }
.chain { list-style: decimal inside; }

.summary { table-layout: fixed; font-size: 0.875rem; line-height: 1.35; }
.summary th, .summary td { padding: 0.2rem 0.75rem 0.2rem 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; overflow-wrap: normal; }
.summary thead th { padding-bottom: 0.3rem; }
.summary tbody th { font-weight: 600; }
.summary tbody tr:hover { background: color-mix(in srgb, var(--ink) 4%, transparent); }
.s-state { width: 7.8rem; } .s-state .icon { margin-right: 0.4em; } .s-name { width: 20%; } .s-place { width: 8rem; } .s-expects { width: 4.9rem; }
.s-since { width: 4.6rem; } .s-last { width: 6.2rem; } .s-latency { width: 5.2rem; } .s-day { width: 5.2rem; }
.summary .s-latency, .summary .s-day { text-align: right; } .summary .s-day { padding-right: 0; }
.summary td.s-expects, .summary td.s-since, .summary td.s-last, .summary .s-why { color: var(--soft); }
.summary .failing .s-state span, .summary .failing .s-reason strong { color: var(--failing-ink); } .summary .degraded .s-state span { color: var(--degraded-ink); }
.summary .failing .s-state span, .summary .degraded .s-state span, .summary .unknown .s-state span { font-weight: 600; }
.summary .s-reason strong { font-weight: 600; } .summary .healthy .s-reason strong { font-weight: 400; color: var(--soft); } .summary .tag { font-size: 0.75rem; }
.s-at { display: none; }
.incomplete { color: var(--soft); } .figures .incomplete dd, .numbers .incomplete { font-weight: 400; }
.figures .count { font-size: 0.8125rem; font-weight: 400; }
.next strong { font-weight: 650; }
.count { color: var(--soft); font-weight: 400; margin-left: 0.25em; }
.tag { font-size: 0.8125rem; padding: 0.05rem 0.5rem; border: 1px solid var(--degraded); color: var(--degraded-ink); border-radius: 99px; }

.notices li { padding: 0.7rem 1rem; border-left: 3px solid var(--unknown); background: var(--card); border-radius: 0 8px 8px 0; }
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
  .card-figures .figures { display: grid; }
}

.rail { display: flex; flex-wrap: wrap; gap: 0.4rem 0; margin: 0.75rem 0 0.2rem; font-size: 0.8125rem; line-height: 1.3; }
.rail li { display: flex; align-items: center; color: var(--soft); }
.rail li + li::before { content: ""; width: clamp(0.5rem, 1.5vw, 1.1rem); height: 2px; margin: 0 0.4rem; background: var(--healthy); }
.rail li.passed::after { content: "✓" / ""; margin-left: 0.25rem; color: var(--healthy-ink); font-weight: 700; }
.rail li.refused { color: var(--healthy-ink); font-weight: 650; } .rail li.refused::after { content: "✓" / ""; margin-left: 0.3rem; }
.rail li.stopped { color: var(--failing-ink); font-weight: 650; }
.rail li.stopped::after { content: "✕" / ""; margin-left: 0.3rem; }
.rail li.stopped::before { background: var(--failing); }
.unknown .rail li.stopped, .missed .rail li.stopped { color: var(--unknown-ink); } .degraded .rail li.stopped { color: var(--degraded-ink); }
.rail li.ahead::before { background: none; border-top: 2px dotted var(--unknown); height: 0; }

figure svg { display: block; width: 100%; overflow: visible; }
figure + figure { margin-top: 0.7rem; }
.history > svg { width: calc(100% - 3.4rem); margin-left: 3.4rem; height: 2.25rem; } .latency .plot > svg { height: 3.5rem; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-top: 0.3rem; font-size: 0.8125rem; }
.history rect:hover { opacity: 0.65; } .history a:focus-visible rect { stroke: var(--link); stroke-width: 3; }
rect.healthy { fill: var(--healthy); } rect.degraded { fill: var(--degraded); } rect.failing { fill: var(--failing); }
rect.unknown { fill: var(--unknown); } rect.missed { fill: var(--ink); } path.empty { fill: var(--faint); }
.plot { display: grid; grid-template-columns: 2.9rem minmax(0, 1fr); gap: 0 0.5rem; }
.plot > svg { border-bottom: 1px solid var(--faint); }
.axis { display: flex; flex-direction: column; justify-content: space-between; text-align: right; color: var(--soft); font-size: 0.75rem; line-height: 1; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 0.9rem; flex-basis: 100%; margin-top: 0.15rem; }
.legend .swatch { display: inline; width: 0.65rem; height: 0.65rem; margin-right: 0.35rem; }
.history > figcaption, .latency > figcaption { margin-left: 3.4rem; }
.above { fill: var(--ink); } .track { fill: var(--line); } .grid { stroke: var(--line); fill: none; vector-effect: non-scaling-stroke; }
.limit { stroke: var(--ink); stroke-dasharray: 5 4; stroke-width: 1.5; fill: none; vector-effect: non-scaling-stroke; }
.phase-keyVault { fill: var(--keyVault); } .phase-dns { fill: var(--dns); } .phase-tcp { fill: var(--tcp); } .phase-tls { fill: var(--tls); }
.phase-webSocket { fill: var(--webSocket); } .phase-mqttConnect { fill: var(--mqttConnect); } .phase-subscribe { fill: var(--subscribe); }
.phase-register { fill: var(--register); } .phase-assign { fill: var(--assign); } .phase-waiting { fill: var(--waiting); } .phase-hub { fill: var(--hub); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 3rem; }
@media (min-width: 56rem) { .columns { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
main > section .history svg { height: 2.75rem; } main > section .latency .plot > svg { height: 7rem; }
.card .history > svg { width: calc(100% - 3.4rem); margin-left: 3.4rem; height: 2.25rem; } .card .latency .plot > svg { height: 3.5rem; }
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
.waterfall .refused > * { color: var(--healthy-ink); } .waterfall .aside { display: block; font-size: 0.8125rem; }
.waterfall strong { display: block; font-size: 0.8125rem; }
.waterfall tfoot > tr > * { font-weight: 650; }
.facts > div { display: grid; grid-template-columns: minmax(6.5rem, 2fr) 3fr; gap: 0 1rem; padding: 0.32rem 0; border-top: 1px solid var(--line); font-size: 0.9375rem; }
.facts > div:first-child { border-top: 0; }
.facts dt { color: var(--soft); }
.facts .aside { margin-left: 0.4rem; }
.across { display: flex; flex-wrap: wrap; gap: 0.6rem 2.25rem; }
.facts.across > div { display: block; border: 0; padding: 0; }
.across dt { font-size: 0.8125rem; }
.soon { color: var(--degraded-ink); } .expired { color: var(--failing-ink); }
.failure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.failure summary { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; align-items: baseline; padding: 0.65rem 1rem; cursor: pointer; border-radius: 10px; }
.failure summary::before { content: "▸" / ""; color: var(--soft); width: 0.8rem; }
.failure[open] summary::before { content: "▾" / ""; }
.failure summary::-webkit-details-marker { display: none; }
.failure summary:hover { background: color-mix(in srgb, var(--ink) 4%, transparent); }
.failure .line { flex: 1 1 14rem; min-width: 0; }
.simulation { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.simulation + .simulation { margin-top: 0.5rem; }
.simulation summary { display: grid; grid-template-columns: 1rem minmax(8rem, 2fr) auto 3fr; gap: 0.2rem 0.9rem; align-items: center; padding: 0.55rem 1rem; cursor: pointer; border-radius: 10px; }
.simulation summary::-webkit-details-marker { display: none; }
.simulation summary::before { content: "▸" / ""; color: var(--soft); } .simulation[open] summary::before { content: "▾" / ""; }
.simulation summary:hover { background: color-mix(in srgb, var(--ink) 4%, transparent); }
.simulation .progress { display: block; width: 100%; height: 0.5rem; grid-column: 2 / -1; }
.simulation-body { display: grid; gap: 0.9rem 2rem; padding: 0.25rem 1rem 1rem; }
.simulation-body .attention { grid-column: 1 / -1; }
.simulation-body .history > svg { width: 100%; margin-left: 0; } .simulation-body .history > figcaption { margin-left: 0; } .simulation-body .waterfall td:last-child { width: 8.5rem; } .simulation-body figure + table { margin-top: 0.8rem; }
@media (min-width: 56rem) { .simulation-body { grid-template-columns: minmax(0, 1fr) 17.5rem; } }
@media (max-width: 48rem) { .simulation summary { grid-template-columns: 1rem 1fr; } .simulation summary > :nth-child(n + 2) { grid-column: 2; justify-self: start; } .simulation summary .progress { justify-self: stretch; } }
.failure-body { padding: 0.25rem 1rem 1rem; }
.failure-body > * + * { margin-top: 0.6rem; }
.plain + p, .note + p, .facts + p, .transcript + p { margin-top: 0.6rem; }
.figures + table { margin-top: 0.6rem; }
.transcript { font-size: 0.875rem; }
.transcript td:first-child { white-space: nowrap; width: 5rem; } .transcript td:nth-child(2) { width: 5.5rem; color: var(--soft); }
.transcript .note > * { color: var(--soft); }
@media (max-width: 48rem) {
  .s-expects, .s-since, .s-latency, .s-why, .s-place { display: none; }
  .s-state { width: 1.6rem; } .summary .s-state { font-size: 0; padding-right: 0; } .s-state .icon { font-size: 0.9375rem; margin: 0; }
  .s-name { width: auto; } .s-at { display: block; font-weight: 400; color: var(--soft); } .s-reason { width: 26%; } .s-last { width: 5.6rem; } .s-day { width: 4.2rem; }
}
@media (max-width: 30rem) {
  .s-last { display: none; }
  .hero { gap: 0.6rem; padding: 0.9rem; } .hero > .icon { width: 1.5rem; height: 1.5rem; }
  .top { padding: 0.75rem 0; } h2 { margin-top: 1.5rem; }
  .filters > div { flex-wrap: nowrap; } .filters h2 { min-width: 0; white-space: nowrap; }
  .summary { font-size: 0.8125rem; } .summary th, .summary td { padding-top: 0.13rem; padding-bottom: 0.13rem; }
  .facts:not(.across) > div { display: block; }
  .transcript td:first-child { width: 4rem; } .transcript td:nth-child(2) { width: 4.5rem; }
  .transcript code { display: block; }
  .waterfall th { width: 7rem; } .waterfall td:last-child { width: 5.2rem; }
}
@media print { .refresh, .skip, .bottom { display: none; } body { background: none; } }
`;
