// The card's own looks, beside what both elements begin with.

import { CONTROLS } from "./style_controls";
import { TOKENS } from "./style_tokens";

const CARD = `
.card { padding: 1.25em; }
[role=status]:empty { display: none; }
.loading [role=status] { animation: appear 0s 0.4s backwards; }
@keyframes appear { from { opacity: 0; } }
header { display: flex; flex-direction: column; gap: 0.125em; }
.unit { color: var(--muted); font-size: 0.875em; }
h2 { font-size: 1.0625em; font-weight: 600; }
.figure { margin-block-start: 0.5em; display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 0.625em; }
.figure strong { font-size: 2.5em; font-weight: 650; line-height: 1.15; font-variant-numeric: tabular-nums; }
.figure span, .released, .more, .legend, .ends { color: var(--muted); font-size: 0.875em; }
.withheld {
  margin-block: 0.75em; padding: 0.75em 1em; border-inline-start: 4px solid var(--edge); background: var(--wash);
}
.change { margin-block: 0.75em 0.25em; }
.waves { margin-block-start: 1em; }
.line { display: block; inline-size: 100%; max-inline-size: 34em; block-size: auto; overflow: visible; }
.grid { stroke: var(--border); stroke-width: 1; }
.run { stroke: var(--accent); stroke-width: 2; }
.interval { stroke: var(--accent); stroke-width: 7; opacity: 0.22; }
.hidden { stroke: var(--muted); stroke-width: 2; stroke-dasharray: 0.1 5; }
.tick { fill: var(--muted); stroke: none; font: 12px var(--font); }
.dot { fill: var(--accent); stroke: var(--surface); stroke-width: 1.5; }
.ends { display: flex; justify-content: space-between; max-inline-size: 34em; }
details { margin-block-start: 0.75em; }
table { inline-size: 100%; border-collapse: collapse; font-size: 0.875em; font-variant-numeric: tabular-nums; }
th, td { padding: 0.4em 0.5em; border-block-end: 1px solid var(--border); text-align: start; vertical-align: top; }
th:first-child { padding-inline-start: 0; }
th { font-weight: 550; }
.none { color: var(--muted); font-style: italic; }
.main { margin-block-start: 0.75em; }
@media (forced-colors: active) {
  .line path { stroke: CanvasText; }
  .tick, .dot { fill: CanvasText; }
  .dot { stroke: Canvas; }
  .grid { opacity: 0.4; }
}
@media (prefers-contrast: more) { .interval { opacity: 0.5; } .withheld { border-color: currentColor; } }
`;

let sheets: CSSStyleSheet[] | null = null;

/** Made once, for all cards of a page. */
export function resultSheets(): CSSStyleSheet[] {
  sheets ??= [TOKENS, CONTROLS, CARD].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  return sheets;
}
