// Each screen's own looks.

export const SCREENS = `
.languages {
  display: flex; flex-wrap: wrap; justify-content: flex-end; margin-block: -0.75em 0.5em;
  margin-inline-end: -0.75em;
}
.languages [aria-current] {
  color: var(--text); text-decoration: none; font-weight: 650; box-shadow: inset 0 -2px 0 var(--accent);
  border-radius: 0;
}
.facts {
  display: flex; flex-wrap: wrap; gap: 0.25em 1.25em; list-style: none; padding: 0; margin-block-start: 0.625em;
  color: var(--muted);
}
.before > .prose { margin-block-start: 1.25em; max-inline-size: 40em; }
.before > .actions + .hint { margin-block-start: 1em; }
.known {
  margin-block-start: 1.75em; padding: 1.125em; border: 1px solid var(--border); border-radius: var(--radius);
  background: var(--wash);
}
.team { margin-block-start: 0.875em; padding-inline-start: 0.875em; border-inline-start: 4px solid var(--accent); }
.team p + p { margin-block-start: 0.375em; }
.glance { display: grid; gap: 1em 1.5em; list-style: none; padding: 0; margin-block-start: 1.125em; }
@container (min-width: 38em) { .known { padding: 1.5em; } .glance { grid-template-columns: 1fr 1fr; } }
.glance strong { font-weight: 650; }
.glance p { margin-block-start: 0.125em; color: var(--muted); font-size: 0.9375em; line-height: 1.45; }
.contract { margin-block-start: 0.75em; }
.contract .small { margin-block-start: 1em; color: var(--text); }
.contract li { margin-block-start: 0.375em; font-size: 0.9375em; }
.note {
  margin-block-start: 1em; padding: 0.75em 1em; border-inline-start: 4px solid var(--edge);
  background: var(--wash);
}
.support { margin-block-start: 2em; padding-block-start: 0.75em; border-block-start: 1px solid var(--border); }
.support ul { list-style: none; padding: 0; display: grid; gap: 1em; margin-block-start: 0.5em; }
.support p { font-size: 0.9375em; }
.reach { display: flex; flex-wrap: wrap; gap: 0 1.25em; }
.reach a { padding-block: 0.75em; min-inline-size: 44px; }
.progress {
  display: grid; gap: 0.375em; margin-block-end: 1.5em; color: var(--muted); font-size: 0.875em;
  font-weight: 550;
}
progress {
  appearance: none; display: block; inline-size: 100%; block-size: 6px; border: 0; border-radius: 3px;
  background: var(--border); color: var(--accent); overflow: hidden;
}
progress::-webkit-progress-bar { background: var(--border); }
progress::-webkit-progress-value { background: var(--accent); border-radius: 3px; transition: inline-size 0.2s; }
progress::-moz-progress-bar { background: var(--accent); }
.questions > .over { margin-block-end: 0.25em; }
.questions > .prose { margin-block-start: 0.625em; }
.questions > .hint { margin-block-start: 0.625em; }
h1, h2 { scroll-margin-block-start: 5em; }
.part { margin-block-start: 1.75em; }
.review dl { margin: 0; }
.review .line {
  display: grid; grid-template-columns: 1fr auto; gap: 0.125em 1em; padding: 0.75em 0;
  border-block-end: 1px solid var(--border);
}
.review dt { grid-column: 1; color: var(--muted); font-size: 0.9375em; line-height: 1.4; }
.review dd { grid-column: 1; margin: 0; font-weight: 600; min-inline-size: 0; }
.review .change { grid-column: 2; grid-row: 1 / 3; align-self: center; margin-inline-end: -0.75em; }
.review .none { font-weight: 400; font-style: italic; }
.review .note { margin-block-start: 2em; }
.stop h1, .stop h2:first-of-type { margin-block-end: 0.4em; }
.stop p + p { margin-block-start: 0.625em; }
.stop > h2 ~ ul, .stop > h3 ~ ul { margin-block-start: 0.5em; }
.stop > h2:not(:first-of-type), .stop h1 ~ h2, .stop > h3 { margin-block-start: 2em; }
.stop li + li { margin-block-start: 0.375em; }
.badge {
  display: grid; place-items: center; inline-size: 3em; block-size: 3em; margin-block-end: 1em;
  border-radius: 50%; border: 2px solid var(--edge); color: var(--muted);
}
.badge.done { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.next { margin-block-start: 0.75em; color: var(--muted); font-variant-numeric: tabular-nums; }
.leave .actions { margin-block-start: 1.5em; }
.waiting { display: flex; align-items: center; gap: 1em; min-block-size: 9em; animation: appear 0.2s 0.4s both; }
.waiting h1, .waiting h2 { font-size: 1.125em; }
.pulse {
  flex: none; inline-size: 0.875em; block-size: 0.875em; border-radius: 50%; background: var(--accent);
  animation: beat 1.2s infinite ease-in-out;
}
@keyframes appear { from { opacity: 0; } }
@keyframes beat { 50% { scale: 0.5; opacity: 0.5; } }
.kiosk .ask, .link .ask { margin-block-start: 1.5em; }
.kiosk .code, .link input { margin-block-start: 0.75em; }
dialog {
  margin: auto; max-inline-size: min(28em, calc(100vw - 2em)); padding: 1.5em; border: 1px solid var(--border);
  border-radius: var(--radius); background: var(--surface); color: var(--text);
}
dialog h2 { margin-block-end: 0.5em; font-size: 1.25em; }
dialog::backdrop { background: rgb(10 15 20 / 0.6); }
@media (forced-colors: active) {
  progress { border: 1px solid CanvasText; }
  progress::-webkit-progress-value { background: Highlight; }
  .pulse { background: CanvasText; }
}
`;
