// What the pulse asks of the service, for one wave.

import type { Answers, Context, Told } from "./model";
import { ask, type Refusal, type Reply } from "./wire";

export type { Problem, Refusal, Reply } from "./wire";

const TAKE_NOTHING = [408, 429];
const BUSY = "busy";

export class Api {
  readonly #respond: string;
  /** Its address. */
  readonly wave: string;

  constructor(base: string, wave: string) {
    this.#respond = `${base.replace(/\/+$/, "")}/v1/respond`;
    this.wave = wave;
  }

  questionnaire(language: string | null): Promise<Reply<Told>> {
    const asked = language === null ? "" : `?language=${encodeURIComponent(language)}`;
    return ask(`${this.#respond}/${encodeURIComponent(this.wave)}${asked}`, { kept: true }) as Promise<Reply<Told>>;
  }

  context(code: string, language: string): Promise<Reply<Context>> {
    return ask(`${this.#respond}/context`, { body: { code, language } }) as Promise<Reply<Context>>;
  }

  /** A short code, as somebody typed it, for one that answers. */
  exchange(typed: string): Promise<Reply<{ readonly code: string }>> {
    const body = { wave: this.wave, code: typed };
    return ask(`${this.#respond}/kiosk`, { body }) as Promise<Reply<{ readonly code: string }>>;
  }

  async submit(code: string, nonce: string, answers: Answers): Promise<Reply<null>> {
    const reply = await ask(this.#respond, { body: { code, nonce, answers } });
    if (!reply.ok) return { ok: false, refusal: asSubmitted(reply.refusal) };
    const recorded = (reply.value as { status?: unknown } | null)?.status === "recorded";
    return recorded ? { ok: true, value: null } : { ok: false, refusal: { kind: "unknown" } };
  }
}

/**
 * What a refusal says of where the answers are: an error of a server may come after they were kept, and what is not in
 * the service's words, from a machine in between, says nothing of them.
 */
function asSubmitted(refusal: Refusal): Refusal {
  if (refusal.kind !== "problem") return refusal;
  const { slug, status, retryAfter_s } = refusal;
  if (slug === "") return { kind: "unknown", retryAfter_s };
  if (slug === BUSY || TAKE_NOTHING.includes(status)) return { kind: "unsent", retryAfter_s };
  return status >= 500 ? { kind: "unknown", retryAfter_s } : refusal;
}
