// Who is asked what, by earlier answers, exactly as the service judges it when the answers arrive.

import type { Answer, Answers, Condition, Item, Questionnaire } from "./model";
import { native } from "./native";
import { isBlank, plain } from "./typed";

/** The answer to an item; null where there is none. */
export function answerTo(answers: Answers, id: string): Answer {
  return (native.own(answers, id) ? answers[id] : null) ?? null;
}

/** Whether a condition does, of the answers to what was asked; nothing is true of a skip. */
export function holds(condition: Condition, answers: Answers): boolean {
  if (condition.item !== undefined) return isTrueOf(condition, answerTo(answers, condition.item));
  if (condition.all !== undefined) return condition.all.every((one) => holds(one, answers));
  if (condition.any !== undefined) return condition.any.some((one) => holds(one, answers));
  return condition.not !== undefined && !holds(condition.not, answers);
}

function isTrueOf(fact: Condition, answer: Answer): boolean {
  if (answer === null) return false;
  if (fact.is !== undefined) {
    return fact.is.some((one) => one === answer || (typeof answer === "object" && has(answer, one)));
  }
  return (
    typeof answer === "number" &&
    native.isInteger(answer) &&
    (fact.at_least === undefined || answer >= fact.at_least) &&
    (fact.at_most === undefined || answer <= fact.at_most)
  );
}

/** Whether an answer is, among others, this option. */
export function has(answer: readonly string[], option: unknown): boolean {
  for (let at = 0; at < answer.length; at += 1) if (answer[at] === option) return true;
  return false;
}

/** The items that are asked, in the document's order; an answer to what is not asked counts as none, in cascade. */
export function asked(q: Questionnaire, answers: Answers): readonly Item[] {
  return judged(q, answers).items;
}

/** The answers to what is asked, and to nothing else. */
export function askedAnswers(q: Questionnaire, answers: Answers): Answers {
  return judged(q, answers).given;
}

/** What is sent: only what is asked and answered. */
export function toSend(q: Questionnaire, answers: Answers): Answers {
  const { items, given } = judged(q, answers);
  const sent = native.nothing<Answer>();
  for (const item of items) {
    const answer = answerTo(given, item.id);
    if (answer !== null) sent[item.id] = typeof answer === "string" ? plain(answer) : answer;
  }
  return sent;
}

/** Whether an answer is a skip: so are a text without a word and a ranking of nothing. */
export function isSkip(item: Item, answer: Answer): boolean {
  if (answer === null) return true;
  if (item.type === "ranking") return typeof answer === "object" && answer.length === 0;
  return typeof answer === "string" && isBlank(answer);
}

function judged(q: Questionnaire, answers: Answers): { items: readonly Item[]; given: Answers } {
  const given = native.nothing<Answer>();
  for (const item of q.items) {
    const answer = answerTo(answers, item.id);
    if (!isSkip(item, answer)) given[item.id] = answer;
  }
  const ofSection = sectionConditions(q);
  const items: Item[] = [];
  for (const item of q.items) {
    const needed = [ofSection.get(item.id), item.visible_if];
    if (needed.every((one) => one === undefined || holds(one, given))) items.push(item);
    else delete given[item.id];
  }
  return { items, given };
}

function sectionConditions(q: Questionnaire): ReadonlyMap<string, Condition> {
  const found = new Map<string, Condition>();
  for (const section of q.sections ?? []) {
    for (const id of section.items) if (section.visible_if) found.set(id, section.visible_if);
  }
  return found;
}
