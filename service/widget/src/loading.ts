// What is needed before the first question, in two requests at once; or why it cannot be had.

import type { Api, Refusal } from "./api";
import type { Context, Told } from "./model";
import type { StopReason } from "./words/words";

export type Loaded =
  | { readonly ok: true; readonly told: Told; readonly context: Context | null }
  | { readonly ok: false; readonly reason: StopReason; readonly opensAt: string | null };

const REASONS: Readonly<Record<string, StopReason>> = {
  "code-refused": "refused",
  "not-found": "refused",
  invalid: "refused",
  "wave-not-open": "not_open",
  "way-not-promised": "way",
  "too-many-wrong-codes": "too_many",
  "origin-not-allowed": "origin",
};
const MOMENT = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/;

export function reasonOf(refusal: Refusal): StopReason {
  return (refusal.kind === "problem" && REASONS[refusal.slug]) || "unreachable";
}

/** Without what concerns the team, one can still go on; without the questionnaire, or with a wrong code, not. */
export async function load(api: Api, code: string, language: string): Promise<Loaded> {
  const [told, context] = await Promise.all([api.questionnaire(language), api.context(code, language)]);
  if (!told.ok) return refused(told.refusal);
  if (context.ok) return { ok: true, told: told.value, context: context.value };
  if (reasonOf(context.refusal) !== "unreachable") return refused(context.refusal);
  return { ok: true, told: told.value, context: null };
}

function refused(refusal: Refusal): Loaded {
  return { ok: false, reason: reasonOf(refusal), opensAt: opening(refusal) };
}

/** When it opens at this person's site, where the service says so. */
function opening(refusal: Refusal): string | null {
  return (refusal.kind === "problem" && refusal.detail && MOMENT.exec(refusal.detail)?.[0]) || null;
}
