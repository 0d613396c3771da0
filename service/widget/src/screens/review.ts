// All answers, before they are sent.

import { isSkip } from "../asked";
import { el, focusOn } from "../dom";
import type { Given } from "../given";
import { pointsOf } from "../items/points";
import type { Item, Questionnaire } from "../model";
import { filled } from "../pipes";
import { button, type Screen, type Stage } from "../stage";
import { type Mistake, summary } from "./mistakes";

export interface Part {
  readonly title: string | null;
  readonly items: readonly Item[];
}

export interface ReviewGiven {
  readonly questionnaire: Questionnaire;
  readonly parts: readonly Part[];
  readonly given: Given;
  readonly of: number;
  change(id: string): void;
  back(): void;
  /** What is still wrong keeps it from being sent. */
  send(): readonly Mistake[];
}

export function review(stage: Stage, it: ReviewGiven): Screen {
  const { words, said } = stage;
  const { questionnaire: q, given } = it;
  const heading = stage.heading(words.review.title);
  const problems = el("div");
  const text = (raw: string): string => filled(raw, q, given.answers);
  const parts = it.parts.map(({ title, items }) =>
    el("div", { class: "part" }, title && lowered(text(title)), el("dl", {}, ...items.map(row))),
  );
  const node = el(
    "div",
    { class: "review" },
    el(
      "div",
      { class: "progress" },
      el("p", { id: "step" }, words.questions.step(it.of, it.of)),
      el("progress", { max: it.of, value: it.of, "aria-labelledby": "step" }),
    ),
    heading,
    given.isEmpty && el("p", { class: "note" }, words.review.none),
    problems,
    ...parts,
    el("p", { class: "note" }, words.review.text),
    el(
      "div",
      { class: "actions" },
      button("main", words.review.send, send),
      button("second", words.questions.back, it.back),
    ),
  );
  return { node, heading, isPrivate: true };

  function lowered(title: string): HTMLElement {
    const made = stage.lower(title);
    if (said) made.lang = said;
    return made;
  }

  function row(item: Item): HTMLElement {
    const id = `review-${item.id}`;
    const change = el(
      "button",
      {
        type: "button",
        class: "quiet",
        id,
        "aria-labelledby": `${id} ${id}-text`,
        onclick: () => it.change(item.id),
      },
      words.review.change,
    );
    return el(
      "div",
      { class: "line" },
      el("dt", { id: `${id}-text`, lang: said }, text(item.text)),
      answered(item),
      el("dd", { class: "change" }, change),
    );
  }

  function answered(item: Item): HTMLElement {
    const answer = given.of(item.id);
    if (answer === null || isSkip(item, answer)) {
      return el("dd", { class: "none" }, given.refused(item.id) ? words.review.refused : words.review.unanswered);
    }
    if (typeof answer === "object") {
      const texts = answer.map((id) => el("li", {}, optionText(item, id)));
      return el("dd", { lang: said }, el(item.type === "ranking" ? "ol" : "ul", {}, ...texts));
    }
    return el("dd", { lang: said, class: "prose" }, shownAs(item, answer));
  }

  function shownAs(item: Item, answer: number | string): string {
    if (item.type === "single_choice") return optionText(item, `${answer}`);
    if (item.type !== "rating" && item.type !== "enps") return `${answer}`;
    const label = item.labels[answer];
    const all = pointsOf(item);
    return words.questions.ofPoints(Number(answer), all[all.length - 1] as number, label ? text(label) : "");
  }

  function optionText(item: Item, id: string): string {
    return text(("options" in item && item.options.find((option) => option.id === id)?.text) || "");
  }

  function send(): void {
    const mistakes = it.send();
    if (mistakes.length === 0) return;
    const box = summary(stage, mistakes);
    problems.replaceChildren(box);
    focusOn(box);
  }
}
