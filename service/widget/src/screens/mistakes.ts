// What is wrong with answers, in words, and the list of it with ways to get there.

import { faultOf } from "../check";
import { el, ICONS, icon } from "../dom";
import type { Answer, Item } from "../model";
import type { Stage } from "../stage";
import type { Words } from "../words/words";

export interface Mistake {
  readonly text: string;
  readonly message: string;
  go(): void;
}

export function mistakeIn(item: Item, answer: Answer, words: Words): string | null {
  const fault = faultOf(item, answer);
  if (fault === null) return null;
  const { kind, limit = 0 } = fault;
  const { faults } = words;
  if (kind === "too_many") return item.type === "ranking" ? faults.full(limit) : faults.too_many(limit);
  if (kind === "too_long") return faults.too_long(limit);
  if (kind === "too_small" || kind === "too_large")
    return faults[kind](new Intl.NumberFormat(words.tag).format(limit));
  return faults[kind];
}

export function summary(stage: Stage, mistakes: readonly Mistake[]): HTMLElement {
  const links = mistakes.map(({ text, message, go }) => {
    const follow = (event: Event): void => {
      event.preventDefault();
      go();
    };
    return el(
      "li",
      {},
      el("a", { href: "#", onclick: follow }, el("span", { lang: stage.said }, text)),
      el("span", {}, message),
    );
  });
  return el(
    "div",
    { class: "summary", tabindex: "-1", role: "group", "aria-labelledby": "mistakes" },
    el("p", { id: "mistakes" }, icon(ICONS.alert), el("strong", {}, stage.words.faults.title(mistakes.length))),
    el("ul", {}, ...links),
  );
}
