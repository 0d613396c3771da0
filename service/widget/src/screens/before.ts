// Before the first question: what this is, what will and will not be known, how long it takes.

import { el } from "../dom";
import type { Context, Item, Sentence, Told } from "../model";
import { button, type Screen, type Stage } from "../stage";
import { moment } from "../words/words";

export interface BeforeGiven {
  readonly told: Told;
  readonly context: Context | null;
  readonly isResumed: boolean;
  begin(): void;
}

const GLANCE = ["who_answered", "smallest", "recipients", "retention"];
const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  asks: ["campaign", "audience", "times"],
  sees: ["recipients", "smallest", "groups", "coarse_classes"],
  part: ["participation", "who_answered"],
  questions: ["questions", "how_often"],
  shown: ["interim", "recuts", "comments"],
  kept: ["retention"],
  limits: [], // and what later contracts may speak of
};
const SECONDS: Readonly<Record<Item["type"], number>> = {
  rating: 12,
  enps: 12,
  single_choice: 15,
  multiple_choice: 25,
  ranking: 40,
  number: 15,
  text: 30,
};

export function before(stage: Stage, { told, context, isResumed, begin }: BeforeGiven): Screen {
  const { words, said } = stage;
  const { questionnaire, promise } = told;
  const heading = stage.heading(questionnaire.title);
  if (said) heading.lang = said;
  const node = el(
    "div",
    { class: "before" },
    heading,
    facts(stage, questionnaire.items, context?.closes_at ?? null),
    questionnaire.introduction && el("p", { class: "prose", lang: said }, questionnaire.introduction),
    el(
      "div",
      { class: "known" },
      stage.lower(words.before.known),
      team(stage, context),
      el("ul", { class: "glance" }, ...GLANCE.map((topic) => glance(stage, topic, promise))),
      whole(stage, promise),
    ),
    el("div", { class: "actions" }, button("main", isResumed ? words.before.resume : words.before.start, begin)),
    !isResumed && el("p", { class: "hint" }, words.before.again),
  );
  return { node, heading };
}

function facts({ words }: Stage, items: readonly Item[], closesAt: string | null): HTMLElement {
  const minutes = Math.max(1, Math.round(items.reduce((sum, { type }) => sum + SECONDS[type], 0) / 60));
  const count = items.some((item) => item.visible_if) ? words.before.upTo : words.before.count;
  const told = [words.before.minutes(minutes), count(items.length)];
  if (closesAt) told.push(words.before.until(moment(closesAt, words)));
  return el("ul", { class: "facts" }, ...told.map((one) => el("li", {}, one)));
}

function team({ words }: Stage, context: Context | null): HTMLElement | null {
  if (context === null) return el("p", { class: "note" }, words.before.contextMissing);
  if (context.sentences.length === 0) return null;
  const lang = context.language === words.code ? null : context.language;
  const sentences = context.sentences.map(({ text }) => el("p", { lang }, text));
  return el("div", { class: "team" }, el("p", { class: "small" }, words.before.team), ...sentences);
}

function glance({ words }: Stage, topic: string, promise: readonly Sentence[]): HTMLElement | null {
  const sentence = promise.find((one) => one.topic === topic);
  if (!sentence) return null;
  return el("li", {}, el("strong", {}, words.before.glance[topic]), el("p", {}, sentence.text));
}

function whole(stage: Stage, promise: readonly Sentence[]): HTMLElement {
  const { words } = stage;
  const known = Object.values(HEADINGS).flat();
  const parts = Object.entries(HEADINGS).map(([name, topics]) => {
    const sentences = promise.filter(
      ({ topic }) => topics.includes(topic) || (name === "limits" && !known.includes(topic)),
    );
    return sentences.length > 0
      ? el(
          "div",
          {},
          el("p", { class: "small" }, words.before.headings[name]),
          el("ul", {}, ...sentences.map(({ text }) => el("li", {}, text))),
        )
      : null;
  });
  return el("details", { class: "contract" }, el("summary", {}, words.before.contract), ...parts);
}
