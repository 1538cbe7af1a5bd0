/** The sheet of a report: the studio's own colours and sizes, light and dark as the system is set. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --surface-0: light-dark(#f1f2f5, #111317);
  --surface-1: light-dark(#ffffff, #1a1d23);
  --surface-2: light-dark(#edeff3, #252931);
  --text: light-dark(#1a1d24, #e7e9ee);
  --muted: light-dark(#59606e, #9ea6b5);
  --grid: light-dark(#dfe2e9, #323742);
  --accent: light-dark(#4338ca, #a5b0ff);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--surface-0); color: var(--text); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
h1 { font-size: 28px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 4px; overflow-wrap: anywhere; }
h3 { font-size: 16px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 0; max-width: 80ch; overflow-wrap: anywhere; }
.muted, caption, figcaption, footer { color: var(--muted); }
section { background: var(--surface-1); border-radius: 6px; padding: 24px; display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.side { display: grid; gap: 24px 32px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); align-items: start; }
.side > * { min-width: 0; }
dl { margin: 0; }
.headline { display: grid; gap: 8px; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); }
.headline div { background: var(--surface-2); border-radius: 6px; padding: 12px 16px; }
.headline dt { color: var(--muted); font-size: 12px; }
.headline dd { margin: 0; font-size: 20px; font-weight: 600; }
.headline dd small { display: block; font-size: 12px; font-weight: 400; color: var(--muted); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 24px; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: 8px; }
th, td { text-align: left; padding: 4px 12px 4px 0; font-weight: 400; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 12px; vertical-align: bottom; }
tbody tr + tr { border-top: 1px solid var(--grid); }
.number { text-align: right; }
.wrap td:not(.number) { white-space: normal; overflow-wrap: anywhere; }
td small { color: var(--muted); font-size: 12px; }
.best { font-weight: 600; }
.class { white-space: nowrap; }
.chip { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.letter { display: inline-block; width: 1.1em; color: var(--muted); font-size: 12px; }
.confusion { table-layout: fixed; min-width: 760px; border-spacing: 2px; border-collapse: separate; }
.confusion thead th:first-child { width: 124px; text-align: left; padding-left: 0; }
.confusion thead th { text-align: center; padding: 4px; }
.confusion tbody tr + tr { border: 0; }
.confusion td { text-align: center; padding: 6px 4px; border-radius: 4px; line-height: 1.25; background: light-dark(rgb(67 56 202 / calc(var(--share) * 60%)), rgb(91 87 238 / calc(var(--share) * 80%))); }
.confusion td small { display: block; color: inherit; font-size: 11px; }
.confusion td.right { outline: 2px solid var(--text); outline-offset: -2px; }
.confusion td.none { background: none; color: var(--muted); }
figure { margin: 0; }
figcaption { font-size: 12px; margin-top: 4px; }
svg { display: block; width: 100%; height: auto; font-size: 12px; fill: var(--text); }
svg .axis { fill: var(--muted); font-size: 11px; }
svg .grid { stroke: var(--grid); stroke-width: 1; fill: none; }
svg .reference { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
svg .bar { fill: light-dark(#8c87dd, #6f6ad8); }
svg .amount { fill: var(--grid); }
svg .gap { fill: none; stroke: var(--text); stroke-width: 1.5; }
svg .behind { stroke: var(--grid); stroke-width: 1; fill: none; }
svg .line { stroke-width: 2; fill: none; stroke-linejoin: round; }
svg .whisker { stroke: var(--text); stroke-width: 1.5; }
.panels { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); }
.panels h3 { font-size: 14px; font-weight: 400; margin: 0; display: flex; justify-content: space-between; gap: 8px; }
.faces { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); list-style: none; margin: 0; padding: 0; }
.faces li { background: var(--surface-2); border-radius: 6px; padding: 8px; font-size: 12px; line-height: 1.4; display: grid; gap: 4px; align-content: start; }
.faces img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; border-radius: 4px; }
.faces .missing { aspect-ratio: 1; display: grid; place-items: center; color: var(--muted); }
.faces b { font-weight: 600; }
footer { font-size: 12px; }
@media (max-width: 640px) {
  main { padding: 16px 8px 32px; }
  section { padding: 16px; }
  .headline { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .panels { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
}
@media print { body { background: none; } section { break-inside: avoid; padding: 12px 0; } }
`;
