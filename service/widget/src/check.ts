// What is wrong with an answer, so that nothing is sent which the service would refuse.

import { has, isSkip } from "./asked";
import type { Answer, Item, Option } from "./model";
import { native } from "./native";
import { lengthOf } from "./typed";

/** `not_offered`: a point, an option or a form of answer that the item does not have. */
export type Fault = {
  readonly kind: "required" | "too_many" | "no_number" | "too_small" | "too_large" | "too_long" | "not_offered";
  readonly limit?: number;
};

const ENPS_MOST = 10;

/** What is wrong with an answer to an item that is asked; null where nothing is. */
export function faultOf(item: Item, answer: Answer): Fault | null {
  if (isSkip(item, answer)) return item.required ? { kind: "required" } : null;
  switch (item.type) {
    case "rating":
      return pointFault(answer, 1, item.points);
    case "enps":
      return pointFault(answer, 0, ENPS_MOST);
    case "single_choice":
      return typeof answer === "string" && offers(item.options, answer) ? null : { kind: "not_offered" };
    case "multiple_choice":
      return optionsFault(item.options, answer, item.max_choices, item.required);
    case "ranking":
      return optionsFault(item.options, answer, item.max_ranks, item.required);
    case "number":
      return numberFault(answer, item.minimum, item.maximum);
    case "text":
      if (typeof answer !== "string") return { kind: "not_offered" };
      return lengthOf(answer) > item.max_length ? { kind: "too_long", limit: item.max_length } : null;
  }
}

function pointFault(answer: Answer, least: number, most: number): Fault | null {
  const offered = native.isInteger(answer) && answer >= least && answer <= most;
  return offered ? null : { kind: "not_offered" };
}

function numberFault(answer: Answer, minimum: number, maximum: number): Fault | null {
  if (!native.isInteger(answer)) return { kind: "no_number" };
  if (answer < minimum) return { kind: "too_small", limit: minimum };
  return answer > maximum ? { kind: "too_large", limit: maximum } : null;
}

function optionsFault(options: readonly Option[], answer: Answer, most: number, required: boolean): Fault | null {
  if (typeof answer !== "object" || answer === null) return { kind: "not_offered" };
  if (required && answer.length === 0) return { kind: "required" };
  // All are offered, and none twice, where as many options are among them as there are.
  const offered = options.filter(({ id }) => has(answer, id));
  if (offered.length < answer.length) return { kind: "not_offered" };
  return answer.length > most ? { kind: "too_many", limit: most } : null;
}

function offers(options: readonly Option[], id: string): boolean {
  return options.some((option) => option.id === id);
}
