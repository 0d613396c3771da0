// What the card looks like in each state, as elements.

import { el, fill } from "./dom";
import { line } from "./result_line";
import type { Mark, Told } from "./result_told";
import type { ResultWords } from "./words/result";

export type View =
  | { readonly state: "noToken" | "loading" | "nothing" | "expired" | "wrong" }
  | { readonly state: "unreachable"; readonly again: () => void }
  | { readonly state: "told"; readonly told: Told };

/** The card's two places: what is said of the state, which screen readers hear when it changes, and the rest. */
export interface Card {
  readonly all: HTMLElement;
  readonly status: HTMLElement;
  readonly body: HTMLElement;
}

export function emptyCard(): Card {
  const status = el("p", { role: "status" });
  const body = el("div", {});
  return { all: el("div", { class: "inner card", dir: "ltr", tabindex: -1 }, status, body), status, body };
}

export function show(card: Card, view: View, words: ResultWords): void {
  card.all.lang = words.language;
  card.all.className = `inner card ${view.state}`;
  if (view.state === "told") {
    card.status.textContent = "";
    fill(card.body, result(view.told, words));
    return;
  }
  card.status.textContent = words[view.state];
  const again = view.state === "unreachable" && view.again;
  fill(card.body, again && el("button", { type: "button", class: "main", onclick: again }, words.tryAgain));
}

function result(told: Told, words: ResultWords): HTMLElement {
  return el(
    "article",
    { "aria-labelledby": "name" },
    el(
      "header",
      {},
      el("p", { class: "unit", dir: "auto" }, told.unit),
      el("h2", { id: "name", dir: "auto", lang: told.nameLanguage }, told.name),
    ),
    told.figure === null ? withheld(told, words) : figure(told, told.figure),
    el("p", { class: "released" }, told.released),
    told.change !== "" && el("p", { class: "change" }, told.change),
    ...told.more.map((text) => el("p", { class: "more" }, text)),
    told.marks.length > 1 && waves(told, words),
  );
}

function figure(told: Told, shown: string): HTMLElement {
  return el(
    "p",
    { class: "figure" },
    el("strong", {}, shown),
    told.scale !== "" && el("span", {}, ` ${told.scale}`),
  );
}

function withheld(told: Told, words: ResultWords): HTMLElement {
  return el(
    "div",
    { class: "withheld" },
    el("p", {}, el("strong", {}, words.withheld)),
    el("p", {}, told.reason),
  );
}

function waves(told: Told, words: ResultWords): HTMLElement {
  const isBroken = told.marks.some((mark) => mark.value === null);
  const isDrawn = told.marks.some((mark) => mark.value !== null);
  return el(
    "div",
    { class: "waves" },
    isDrawn && line(told, words),
    isDrawn && ends(told.marks),
    isDrawn && isBroken && el("p", { class: "legend" }, words.chartNote),
    el("details", {}, el("summary", {}, words.table), table(told, words)),
  );
}

/** What the line begins and ends with; its name says all of it to whoever does not see it. */
function ends(marks: readonly Mark[]): HTMLElement {
  const labels = [marks[0], marks[marks.length - 1]].map((mark) => el("span", {}, mark?.label ?? ""));
  return el("div", { class: "ends", "aria-hidden": "true" }, ...labels);
}

function table(told: Told, words: ResultWords): HTMLElement {
  const columns = [words.columns.wave, words.columns.released, words.columns.figure];
  if (told.hasIntervals) columns.push(words.columns.interval);
  const head = el("tr", {}, ...columns.map((column) => el("th", { scope: "col" }, column)));
  const rows = [...told.marks].reverse().map((mark) => row(mark, told.hasIntervals));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
}

function row(mark: Mark, hasInterval: boolean): HTMLElement {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, String(mark.wave)),
    el("td", {}, mark.released),
    el("td", { class: mark.value === null && "none" }, mark.figure),
    hasInterval && el("td", {}, mark.interval),
  );
}
