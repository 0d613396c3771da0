// Colours, type and what every element begins with. A page sets `--pouls-…`; the rest follows from those.

const DARK = `
  --text: var(--pouls-text, #e6ebf0); --muted: var(--pouls-muted, #a7b3bf); --surface: var(--pouls-surface, #171d24);
  --border: var(--pouls-border, #36414d); --accent: var(--pouls-accent, #8dbdf7);
  --on-accent: var(--pouls-on-accent, #0d1b2c); --error: var(--pouls-error, #ffb0a6);
`;

export const TOKENS = `
/* A page's rules for the element win over these, but for what is important here. */
:host {
  all: initial; display: block !important; color-scheme: light dark;
  --text: var(--pouls-text, #1d2733); --muted: var(--pouls-muted, #556270); --surface: var(--pouls-surface, #ffffff);
  --border: var(--pouls-border, #d5dce4); --accent: var(--pouls-accent, #1f5fae);
  --on-accent: var(--pouls-on-accent, #ffffff); --error: var(--pouls-error, #a8261c);
  --radius: var(--pouls-radius, 14px); --small: calc(var(--radius) * 0.6);
  --font: var(--pouls-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  --edge: var(--muted); --tint: transparent; --wash: transparent;
}
:host([hidden]) { display: none !important; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; ${DARK} }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${DARK} } }
@supports (color: color-mix(in srgb, red, blue)) {
  :host {
    --edge: color-mix(in srgb, var(--muted) 78%, var(--surface));
    --tint: color-mix(in srgb, var(--accent) 9%, var(--surface));
    --wash: color-mix(in srgb, var(--muted) 7%, var(--surface));
  }
}
@media (prefers-contrast: more) {
  :host {
    --muted: var(--text); --border: var(--text); --edge: var(--text); --tint: transparent; --wash: transparent;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
/* What a page says of the element itself is inherited, and ends here; so does what it makes of rem. */
.inner {
  all: initial; display: block; container-type: inline-size; font: 400 medium/1.55 var(--font); color: var(--text);
  overflow-wrap: anywhere;
}
.card {
  max-inline-size: 48em; margin-inline: auto; padding: 1.25em 1em; border: 1px solid var(--border);
  border-radius: var(--radius); background: var(--surface);
}
@container (min-width: 30em) { .card { padding: 2em; } }
h1, h2, h3 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
h1, .card > div > div > h2:first-child { font-size: 1.5em; letter-spacing: -0.01em; }
h2 { font-size: 1.125em; }
h3 { font-size: 1em; }
@container (min-width: 30em) { h1 { font-size: 1.75em; } }
/* Headings are focused for those who hear the page; nothing is to be done with them. */
h1:focus, h2:focus, .summary:focus { outline: none; }
:focus-visible:not(h1, h2) { outline: 2px solid var(--accent); outline-offset: 2px; }
p, li, dt, dd, h1, h2, h3, legend, label { unicode-bidi: plaintext; }
[dir="rtl"] :is(p, li, dt, dd, h1, h2, h3, legend) { text-align: right; }
ul, ol { padding-inline-start: 1.25em; }
ul { list-style: disc; }
a { color: var(--accent); text-underline-offset: 0.2em; }
svg {
  inline-size: 1.25em; block-size: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round;
}
.prose { white-space: pre-line; }
.hint, .small, .over { color: var(--muted); font-size: 0.9375em; }
.small { font-weight: 600; font-size: 0.875em; }
.heard {
  position: absolute; inline-size: 1px; block-size: 1px; padding: 0; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; border: 0;
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;
