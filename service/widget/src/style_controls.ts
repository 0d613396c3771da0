// Buttons, boxes, fields: 44 pixels at least, and an edge that is seen without any colour.

export const CONTROLS = `
button, input { font: inherit; }
button { color: inherit; cursor: pointer; }
.main, .second {
  min-block-size: 48px; padding: 0.625em 1.5em; border-radius: var(--small); border: 2px solid var(--accent);
  font-weight: 600;
}
.main { background: var(--accent); color: var(--on-accent); }
.second { background: none; color: var(--accent); border-color: transparent; }
.second:hover { background: var(--tint); }
.main:hover { box-shadow: inset 0 0 0 100px rgb(0 0 0 / 0.1); }
[aria-disabled="true"] { cursor: default; opacity: 0.6; }
.quiet {
  min-block-size: 44px; min-inline-size: 44px; padding: 0.25em 0.75em; border: 0; background: none;
  color: var(--accent); border-radius: var(--small); font-size: 0.9375em; font-weight: 550;
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.25em;
}
.quiet:hover { background: var(--tint); }
.square {
  display: grid; place-items: center; flex: none; inline-size: 44px; block-size: 44px; padding: 0;
  border: 1px solid var(--edge); border-radius: var(--small); background: none; color: var(--accent);
}
.square:hover { background: var(--tint); }
.actions { display: flex; flex-wrap: wrap; flex-direction: row; gap: 0.5em; margin-block-start: 2em; }
@container (max-width: 29.99em) { .actions { flex-direction: column; } }
.choice {
  position: relative; display: flex; align-items: flex-start; gap: 0.75em; min-block-size: 48px; inline-size: 100%;
  padding: 0.6875em 0.875em; border: 1px solid var(--edge); border-radius: var(--small); cursor: pointer;
  text-align: start; background: none;
}
.choice > span { flex: 1; min-inline-size: 0; }
.choice:hover { background: var(--wash); }
.choice input {
  flex: none; inline-size: 1.25em; block-size: 1.25em; margin: 0.125em 0 0; accent-color: var(--accent);
}
.choice:has(:checked) {
  border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint);
}
.choice:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.choice input:focus-visible { outline-offset: 1px; }
.refuse { border-style: dashed; margin-block-start: 0.25em; }
.refuse:has(:checked) { border-style: solid; }
.clear { align-self: flex-start; margin-block: -0.25em -1.25em; margin-inline-start: -0.75em; }
.add { color: inherit; font: inherit; }
.add svg { color: var(--accent); margin-block-start: 0.125em; }
textarea, input[type="text"] {
  display: block; inline-size: 100%; padding: 0.6875em 0.875em; border: 1px solid var(--edge);
  border-radius: var(--small); background: var(--surface); color: var(--text); font: inherit;
}
textarea { min-block-size: 5.5em; resize: vertical; field-sizing: content; max-block-size: 24em; }
input[type="text"] { min-block-size: 48px; }
input.short { max-inline-size: 10em; font-variant-numeric: tabular-nums; }
input.code {
  max-inline-size: 20em; font: 600 1.375em/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace;
  letter-spacing: 0.06em; text-transform: uppercase;
}
textarea:focus, input[type="text"]:focus { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-invalid="true"]:is(textarea, input[type="text"]) {
  border-color: var(--error); box-shadow: inset 0 0 0 1px var(--error);
}
summary {
  display: flex; align-items: center; gap: 0.625em; min-block-size: 44px; cursor: pointer; color: var(--accent);
  font-weight: 550; list-style: none; border-radius: var(--small);
}
summary::-webkit-details-marker { display: none; }
summary::before {
  content: ""; flex: none; inline-size: 0.45em; block-size: 0.45em; margin-inline: 0.125em; rotate: -45deg;
  border: solid currentColor; border-width: 0 2px 2px 0;
}
[dir="rtl"] summary::before { rotate: 135deg; }
details[open] > summary::before { rotate: 45deg; }
@media (forced-colors: active) {
  .main, .second { background: ButtonFace; color: ButtonText; border-color: ButtonText; }
}
`;
