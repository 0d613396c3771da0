// Each screen's own looks.

export const SCREENS = `
.languages { display: flex; flex-wrap: wrap; justify-content: flex-end; margin-block: -0.75rem 0.5rem; margin-inline-end: -0.75rem; }
.languages [aria-current] { color: var(--text); text-decoration: none; font-weight: 650; box-shadow: inset 0 -2px 0 var(--accent); border-radius: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; margin-block-start: 0.625rem; color: var(--muted); }
.before > .prose { margin-block-start: 1.25rem; max-inline-size: 40rem; }
.known { margin-block-start: 1.75rem; padding: 1.125rem; border: 1px solid var(--border); border-radius: var(--radius); background: var(--wash); }
.team { margin-block-start: 0.875rem; padding-inline-start: 0.875rem; border-inline-start: 4px solid var(--accent); }
.team p + p { margin-block-start: 0.375rem; }
.glance { display: grid; gap: 1rem 1.5rem; list-style: none; padding: 0; margin-block-start: 1.125rem; }
@container (min-width: 38rem) { .known { padding: 1.5rem; } .glance { grid-template-columns: 1fr 1fr; } }
.glance strong { font-weight: 650; }
.glance p { margin-block-start: 0.125rem; color: var(--muted); font-size: 0.9375rem; line-height: 1.45; }
.contract { margin-block-start: 0.75rem; }
.contract .small { margin-block-start: 1rem; color: var(--text); }
.contract li { margin-block-start: 0.375rem; font-size: 0.9375rem; }
.note { margin-block-start: 1rem; padding: 0.75rem 1rem; border-inline-start: 4px solid var(--edge); background: var(--wash); }
.support { margin-block-start: 2rem; padding-block-start: 0.75rem; border-block-start: 1px solid var(--border); }
.support ul { list-style: none; padding: 0; display: grid; gap: 1rem; margin-block-start: 0.5rem; }
.support p { font-size: 0.9375rem; }
.reach { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.reach a { padding-block: 0.6875rem; min-inline-size: 44px; }
.progress { display: grid; gap: 0.375rem; margin-block-end: 1.5rem; color: var(--muted); font-size: 0.875rem; font-weight: 550; }
progress { appearance: none; display: block; inline-size: 100%; block-size: 6px; border: 0; border-radius: 3px; background: var(--border); color: var(--accent); overflow: hidden; }
progress::-webkit-progress-bar { background: var(--border); }
progress::-webkit-progress-value { background: var(--accent); border-radius: 3px; transition: inline-size 0.2s; }
progress::-moz-progress-bar { background: var(--accent); }
.questions > .over { margin-block-end: 0.25rem; }
.questions > .prose { margin-block-start: 0.625rem; }
.questions > .hint { margin-block-start: 0.625rem; }
h1, h2 { scroll-margin-block-start: 8rem; }
.part { margin-block-start: 1.75rem; }
.review dl { margin: 0; }
.review .line {
  display: grid; grid-template-columns: 1fr auto; gap: 0.125rem 1rem; padding: 0.75rem 0;
  border-block-end: 1px solid var(--border);
}
.review dt { grid-column: 1; color: var(--muted); font-size: 0.9375rem; line-height: 1.4; }
.review dd { grid-column: 1; margin: 0; font-weight: 600; min-inline-size: 0; }
.review .change { grid-column: 2; grid-row: 1 / 3; align-self: center; margin-inline-end: -0.75rem; }
.review .none { font-weight: 400; font-style: italic; }
.review .note { margin-block-start: 2rem; }
.stop h1, .stop h2:first-of-type { margin-block-end: 0.75rem; }
.stop p + p { margin-block-start: 0.625rem; }
.stop > h2 ~ ul, .stop > h3 ~ ul { margin-block-start: 0.5rem; }
.stop > h2:not(:first-of-type), .stop h1 ~ h2, .stop > h3 { margin-block-start: 2rem; }
.stop li + li { margin-block-start: 0.375rem; }
.badge { display: grid; place-items: center; inline-size: 3rem; block-size: 3rem; margin-block-end: 1rem; border-radius: 50%; border: 2px solid var(--edge); color: var(--muted); }
.badge.done { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.next { margin-block-start: 0.75rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.leave .actions { margin-block-start: 1.5rem; }
.waiting { display: flex; align-items: center; gap: 1rem; min-block-size: 9rem; animation: appear 0.2s 0.4s both; }
.waiting h1, .waiting h2 { font-size: 1.125rem; }
.pulse { flex: none; inline-size: 0.875rem; block-size: 0.875rem; border-radius: 50%; background: var(--accent); animation: beat 1.2s infinite ease-in-out; }
@keyframes appear { from { opacity: 0; } }
@keyframes beat { 50% { scale: 0.5; opacity: 0.5; } }
.kiosk .ask { margin-block-start: 1.5rem; }
.kiosk .code { margin-block-start: 0.75rem; }
dialog {
  margin: auto; max-inline-size: min(28rem, calc(100vw - 2rem)); padding: 1.5rem; border: 1px solid var(--border);
  border-radius: var(--radius); background: var(--surface); color: var(--text);
}
dialog h2 { margin-block-end: 0.5rem; font-size: 1.25rem; }
dialog::backdrop { background: rgb(10 15 20 / 0.6); }
@media (forced-colors: active) {
  progress { border: 1px solid CanvasText; }
  progress::-webkit-progress-value { background: Highlight; }
  .pulse { background: CanvasText; }
}
`;
