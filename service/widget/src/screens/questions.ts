// One page of questions.

import { asked } from "../asked";
import { faultOf } from "../check";
import { el, fill, focusOn } from "../dom";
import type { Given } from "../given";
import type { Asking, View } from "../items/frame";
import { viewOf } from "../items/items";
import { isRating, matrix, widthOf } from "../items/matrix";
import type { Item, Questionnaire, RatingItem } from "../model";
import type { Page } from "../pages";
import { filled } from "../pipes";
import { button, onEnter, type Screen, type Stage } from "../stage";
import { type Mistake, mistakeIn, summary } from "./mistakes";

export interface QuestionsGiven {
  readonly questionnaire: Questionnaire;
  readonly page: Page;
  readonly title: string;
  readonly given: Given;
  /** Questions that the service did not take the answers of, until they are answered anew. */
  readonly notTaken: Set<string>;
  readonly fromReview: boolean;
  readonly isRead: boolean;
  place(): { readonly at: number; readonly of: number };
  changed(): void;
  next(): void;
  back(): void;
}

export interface Questions extends Screen {
  focus(id: string): void;
}

export function questions(stage: Stage, it: QuestionsGiven): Questions {
  const { words, said } = stage;
  const { questionnaire: q, page, given } = it;
  const text = (raw: string): string => filled(raw, q, given.answers);
  const sectionText = page.section?.text ?? null;
  const stem = sectionText ?? page.section?.title ?? "";
  const heading = stage.heading(text(it.title));
  const intro = el("p", { class: "prose", lang: said });
  const step = el("p", { id: "step" });
  const bar = el("progress", { "aria-labelledby": "step" });
  const problems = el("div");
  const list = el("div", { class: "items", lang: said });
  let views: ReadonlyMap<string, View> = new Map();
  let wasTable = false;
  const complained = new Set<string>(it.notTaken);
  if (said) heading.lang = said;

  const form = el(
    "div",
    { onkeydown: onEnter(next) },
    list,
    el(
      "div",
      { class: "actions" },
      button("main", it.fromReview ? words.questions.toReview : words.questions.next, next),
      !it.fromReview && button("second", words.questions.back, it.back),
    ),
  );
  const node = el(
    "div",
    { class: "questions" },
    el("div", { class: "progress" }, step, bar),
    page.section?.title && el("p", { class: "over", lang: said }, q.title),
    heading,
    sectionText && intro,
    note(),
    problems,
    form,
  );
  build();
  return { node, heading, isPrivate: true, resized, focus: (id) => views.get(id)?.focus() };

  function note(): HTMLElement | null {
    if (it.fromReview || it.place().at > 1) return null;
    const needed = q.items.filter((item) => item.required).length;
    if (needed === q.items.length) return null;
    return el("p", { class: "hint" }, needed > 0 ? words.questions.optional : words.questions.allOptional);
  }

  function resized(): void {
    if (isTable() === wasTable) return;
    const focused = stage.focused?.id;
    build();
    if (focused) focusOn(stage.find(focused));
  }

  function isTable(): boolean {
    return page.isMatrix && page.items.every(isRating) && stage.width >= widthOf(page.items);
  }

  /** As a table where there is room for one, else one below the other. */
  function build(): void {
    wasTable = isTable();
    if (wasTable) {
      const ratings = page.items as readonly RatingItem[];
      const made = matrix(
        stem,
        ratings.map((item) => asking(item) as Asking<RatingItem>),
      );
      views = made.rows;
      fill(list, made.node);
    } else {
      const shared = page.isMatrix ? stem : "";
      views = new Map(page.items.map((item) => [item.id, viewOf({ ...asking(item), stem: shared })]));
      fill(list, ...[...views.values()].map((view) => view.node));
    }
    renew();
  }

  function asking(item: Item): Asking {
    return {
      item,
      words,
      isRead: it.isRead,
      text,
      answer: () => given.of(item.id),
      refused: () => given.refused(item.id),
      take: (answer, refused = false) => {
        const before = shown().length;
        given.take(item.id, answer, refused);
        complained.delete(item.id);
        it.notTaken.delete(item.id);
        renew();
        const more = shown().length - before;
        const message = hasTooMany(item) && messageOf(item.id);
        if (message) stage.say(message);
        else if (more !== 0) stage.say(more > 0 ? words.questions.more(more) : words.questions.fewer(-more));
        it.changed();
      },
      say: (what) => stage.say(what),
    };
  }

  function shown(): readonly Item[] {
    const all = new Set(asked(q, given.answers).map(({ id }) => id));
    return page.items.filter(({ id }) => all.has(id));
  }

  /** What follows from the answers: which questions stand here, their texts, and how far one is. */
  function renew(): void {
    const here = shown();
    for (const item of page.items) {
      const view = views.get(item.id);
      if (!view) continue;
      view.node.hidden = !here.includes(item);
      view.refresh();
      view.complain(complained.has(item.id) || hasTooMany(item) ? messageOf(item.id) : null);
    }
    fill(heading, text(it.title));
    if (sectionText) fill(intro, text(sectionText));
    const { at, of } = it.place();
    fill(step, words.questions.step(at, of));
    bar.max = of;
    bar.value = at;
  }

  /** That is told at once, and not only when the page is left: it is in sight now. */
  function hasTooMany(item: Item): boolean {
    return faultOf(item, given.of(item.id))?.kind === "too_many";
  }

  function messageOf(id: string): string | null {
    const item = page.items.find((one) => one.id === id);
    if (!item) return null;
    return mistakeIn(item, given.of(id), words) ?? (it.notTaken.has(id) ? words.faults.not_offered : null);
  }

  function mistakes(): readonly Mistake[] {
    return shown().flatMap((item) => {
      const fault = faultOf(item, given.of(item.id)) || complained.has(item.id);
      const message = fault && messageOf(item.id);
      return message ? [{ text: text(item.text), message, go: () => views.get(item.id)?.focus() }] : [];
    });
  }

  function next(): void {
    for (const item of shown()) if (faultOf(item, given.of(item.id))) complained.add(item.id);
    if (mistakes().length > 0) complain();
    else it.next();
  }

  function complain(): void {
    renew();
    const box = summary(stage, mistakes());
    fill(problems, box);
    focusOn(box);
  }
}
