// Earlier answers inside texts: `{{team|your team}}` is the option chosen of item `team`, or the number
// given to it; else the words after the bar.

import { answerTo, askedAnswers } from "./asked";
import type { Answers, Questionnaire } from "./model";
import { native } from "./native";

const PIPE = /\{\{([^{}]*)\}\}/g;
// White space as the service knows it: unlike JavaScript's own, with U+0085 and without U+FEFF.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const FORM = new RegExp(`^([a-z][a-z0-9_]{0,62})\\|([${SPACE}]*[^|${SPACE}][^|]*)$`);

/** A text with the answers put in, as text; what does not have the form of a pipe stays as it is. */
export function filled(text: string, q: Questionnaire, answers: Answers): string {
  if (!text.includes("{{")) return text;
  const given = askedAnswers(q, answers);
  return native.replace(text, PIPE, (whole, inside) => {
    const form = native.match(inside, FORM);
    if (form === null) return whole;
    const [, id = "", otherwise = ""] = form;
    return chosen(q, id, given) ?? otherwise;
  });
}

function chosen(q: Questionnaire, id: string, given: Answers): string | undefined {
  const item = q.items.find((one) => one.id === id);
  const answer = answerTo(given, id);
  if (item?.type === "number") return native.isInteger(answer) ? `${answer}` : undefined;
  if (item?.type !== "single_choice") return undefined;
  return item.options.find((option) => option.id === answer)?.text;
}
