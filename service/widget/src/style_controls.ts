// Buttons, boxes, fields: 44 pixels at least, and an edge that is seen without any colour.

export const CONTROLS = `
button { font: inherit; color: inherit; cursor: pointer; }
.main, .second {
  min-block-size: 48px; padding: 0.625rem 1.5rem; border-radius: var(--small); border: 2px solid var(--accent);
  font-weight: 600;
}
.main { background: var(--accent); color: var(--on-accent); }
.second { background: none; color: var(--accent); border-color: transparent; }
.second:hover { background: var(--tint); }
.main:hover { box-shadow: inset 0 0 0 100px rgb(0 0 0 / 0.1); }
[aria-disabled="true"] { cursor: default; opacity: 0.6; }
.quiet {
  min-block-size: 44px; min-inline-size: 44px; padding: 0.25rem 0.75rem; border: 0; background: none;
  color: var(--accent); border-radius: var(--small); font-size: 0.9375rem; font-weight: 550;
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.25em;
}
.quiet:hover { background: var(--tint); }
.square {
  display: grid; place-items: center; flex: none; inline-size: 44px; block-size: 44px; padding: 0;
  border: 1px solid var(--edge); border-radius: var(--small); background: none; color: var(--accent);
}
.square:hover { background: var(--tint); }
.actions { display: flex; flex-wrap: wrap; flex-direction: row; gap: 0.5rem; margin-block-start: 2rem; }
@container (max-width: 29.99rem) { .actions { flex-direction: column; } }
.choice {
  position: relative; display: flex; align-items: flex-start; gap: 0.75rem; min-block-size: 48px; inline-size: 100%;
  padding: 0.6875rem 0.875rem; border: 1px solid var(--edge); border-radius: var(--small); cursor: pointer;
  text-align: start; background: none;
}
.choice > span { flex: 1; min-inline-size: 0; }
.choice:hover { background: var(--wash); }
.choice input { flex: none; inline-size: 1.25rem; block-size: 1.25rem; margin: 0.125rem 0 0; accent-color: var(--accent); }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint); }
.choice:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.choice input:focus-visible { outline-offset: 1px; }
.refuse { border-style: dashed; margin-block-start: 0.25rem; }
.refuse:has(:checked) { border-style: solid; }
.clear { align-self: flex-start; margin-block: -0.25rem -1.25rem; margin-inline-start: -0.75rem; }
.add { color: inherit; font: inherit; }
.add svg { color: var(--accent); margin-block-start: 0.125rem; }
textarea, input[type="text"] {
  display: block; inline-size: 100%; padding: 0.6875rem 0.875rem; border: 1px solid var(--edge);
  border-radius: var(--small); background: var(--surface); color: var(--text); font: inherit;
}
textarea { min-block-size: 5.5rem; resize: vertical; field-sizing: content; max-block-size: 24rem; }
input[type="text"] { min-block-size: 48px; }
input.short { max-inline-size: 10rem; font-variant-numeric: tabular-nums; }
input.code {
  max-inline-size: 20rem; font: 600 1.375rem/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace;
  letter-spacing: 0.06em; text-transform: uppercase;
}
textarea:focus, input[type="text"]:focus { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-invalid="true"]:is(textarea, input[type="text"]) { border-color: var(--error); box-shadow: inset 0 0 0 1px var(--error); }
summary {
  display: flex; align-items: center; gap: 0.625rem; min-block-size: 44px; cursor: pointer; color: var(--accent);
  font-weight: 550; list-style: none; border-radius: var(--small);
}
summary::-webkit-details-marker { display: none; }
summary::before {
  content: ""; flex: none; inline-size: 0.45rem; block-size: 0.45rem; margin-inline: 0.125rem; rotate: -45deg;
  border: solid currentColor; border-width: 0 2px 2px 0;
}
[dir="rtl"] summary::before { rotate: 135deg; }
details[open] > summary::before { rotate: 45deg; }
@media (forced-colors: active) { .main, .second { background: ButtonFace; color: ButtonText; border-color: ButtonText; } }
`;
