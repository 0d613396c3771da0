// Questions, points, tables and what is wrong with answers.

export const FORM = `
.items { display: flex; flex-direction: column; gap: 2.25em; margin-block-start: 1.75em; }
.item { border: 0; padding: 0; min-inline-size: 0; }
.ask { display: block; padding: 0; font-weight: 600; font-size: 1.0625em; line-height: 1.4; white-space: pre-line; }
.ask + .hint, .hint + .hint { margin-block-start: 0.25em; }
.needed { color: var(--muted); font-weight: 500; font-size: 0.875em; white-space: nowrap; }
.needed::before { content: "· " / ""; }
legend { float: inline-start; inline-size: 100%; }
legend + * { clear: both; }
.body { display: flex; flex-direction: column; gap: 0.5em; padding-block-start: 0.75em; }
.points { display: grid; grid-template-columns: repeat(auto-fit, minmax(44px, 1fr)); gap: 0.375em 0.25em; }
.point { position: relative; display: flex; flex-direction: column; cursor: pointer; }
.point input {
  position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; cursor: pointer;
}
.face {
  display: grid; place-items: center; min-block-size: 48px; border: 1px solid var(--edge);
  border-radius: var(--small); font-weight: 600; font-variant-numeric: tabular-nums;
}
.point:hover .face { background: var(--tint); border-color: var(--accent); }
.point :checked + .face { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.point :focus-visible + .face { outline: 2px solid var(--accent); outline-offset: 2px; }
.point .label {
  padding-block-start: 0.375em; text-align: center; font-size: 0.875em; line-height: 1.3; color: var(--muted);
}
.ends {
  display: flex; justify-content: space-between; gap: 1.5em; color: var(--muted); font-size: 0.9375em;
  line-height: 1.35;
}
.ends span { max-inline-size: 48%; }
.ends :last-child { text-align: end; }
@container (max-width: 34.99em) {
  .points.named { grid-template-columns: 1fr; }
  .named .point { flex-direction: row; align-items: center; gap: 0.75em; }
  .named .face { inline-size: 3em; flex: none; }
  .named .label { padding: 0; text-align: start; font-size: 1em; color: inherit; }
}
.counter { color: var(--muted); font-size: 0.875em; text-align: end; font-variant-numeric: tabular-nums; }
.over.counter, .fault { color: var(--error); }
.fault { display: flex; gap: 0.5em; margin-block-start: 0.5em; font-weight: 550; font-size: 0.9375em; }
.wrong .clear { margin-block-end: 0; }
.wrong { border-inline-start: 3px solid var(--error); padding-inline-start: 0.875em; }
.summary {
  margin-block-start: 1.25em; padding: 1em 1.125em; border: 2px solid var(--error); border-radius: var(--small);
}
.summary:focus-visible { outline: 2px solid var(--error); outline-offset: 2px; }
.summary p { display: flex; gap: 0.5em; color: var(--error); }
.summary ul { list-style: none; padding: 0; }
.summary li { margin-block-start: 0.5em; }
.summary a { display: inline-flex; align-items: center; min-block-size: 44px; color: var(--text); }
.summary li > span { display: block; color: var(--muted); font-size: 0.9375em; }
.ranked, .unranked { list-style: none; padding: 0; display: flex; flex-direction: column; gap: 0.5em; }
.unranked + *, ol + .small { margin-block-start: 0.75em; }
.ranked li {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.375em; padding: 0.375em 0.375em 0.375em 0.875em;
  border: 1px solid var(--accent); border-radius: var(--small); background: var(--tint);
}
.moves { display: flex; gap: 0.25em; margin-inline-start: auto; }
.ranked .square { background: var(--surface); }
.ranked .name { flex: 1 1 9em; min-inline-size: 0; }
.place { font-weight: 650; color: var(--accent); font-variant-numeric: tabular-nums; min-inline-size: 1.25em; }
table { inline-size: 100%; border-collapse: collapse; table-layout: fixed; hyphens: auto; }
th, td { padding: 0.5em 0.25em; text-align: center; vertical-align: middle; font-weight: 400; }
thead th { vertical-align: bottom; overflow-wrap: normal; font-size: 0.875em; color: var(--muted); line-height: 1.3; }
thead .place { display: block; color: var(--text); }
.row { inline-size: 36%; padding-inline: 0.5em 0.75em; text-align: start; line-height: 1.4; }
tbody tr { border-block-start: 1px solid var(--border); }
tbody tr:hover { background: var(--wash); }
.spot {
  display: grid; place-items: center; min-inline-size: 44px; min-block-size: 48px; margin: auto; cursor: pointer;
  border-radius: var(--small);
}
.spot:hover { background: var(--tint); }
.spot input { inline-size: 1.375em; block-size: 1.375em; margin: 0; accent-color: var(--accent); cursor: pointer; }
td .square { border-color: transparent; color: var(--muted); }
.absent { visibility: hidden; }
tr.wrong .clear { margin-block-end: 0; }
.wrong { border-inline-start: 0; box-shadow: inset 3px 0 0 var(--error); }
.refusal { inline-size: 6em; }
.last { inline-size: 48px; padding-inline: 0; }
@media (forced-colors: active) {
  .point :checked + .face {
    background: Highlight; color: HighlightText; border: 3px double HighlightText; forced-color-adjust: none;
  }
  .choice:has(:checked) { outline: 2px solid Highlight; outline-offset: -3px; }
  .choice:has(:focus-visible), .point :focus-visible + .face { outline: 3px solid CanvasText; outline-offset: 2px; }
  .needed, .hint, .counter { color: CanvasText; }
}
`;
