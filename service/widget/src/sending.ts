// One submission: one nonce, drawn once, so that sending again counts the answers once. It tries again by itself.

import type { Api } from "./api";
import type { Answers } from "./model";
import { native } from "./native";
import type { Refusal, Reply } from "./wire";

/**
 * Where a submission is. `uncertain`: an earlier try may have arrived. `waiting` is told every second, with the seconds
 * that are left; `expired`: the code is not taken (any more), and `now` tries again with what `code` gives then.
 */
export type SendingState =
  | { readonly step: "idle" }
  | { readonly step: "sending"; readonly uncertain: boolean }
  | { readonly step: "waiting"; readonly uncertain: boolean; readonly seconds: number }
  | { readonly step: "done" }
  | { readonly step: "refused"; readonly uncertain: boolean; readonly refusal: Refusal }
  | { readonly step: "expired"; readonly uncertain: boolean };

const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 60;
const NONCE_BYTES = 16;
const SECOND_MS = 1000;

export class Sending {
  readonly #api: Pick<Api, "submit">;
  readonly #code: () => string;
  readonly #changed: (state: SendingState) => void;
  readonly #nonce = nonce();
  readonly #deaf: () => void;
  #answers: Answers | null = null;
  #step: SendingState["step"] = "idle";
  #uncertain = false;
  #wait_s = FIRST_WAIT_S;
  #timer: number | null = null;
  #stopped = false;

  constructor(api: Pick<Api, "submit">, code: () => string, changed: (state: SendingState) => void) {
    this.#api = api;
    this.#code = code;
    this.#changed = changed;
    this.#deaf = native.listen(globalThis as unknown as EventTarget, "online", () => {
      if (this.#step === "waiting") this.#try();
    });
  }

  /** Sends the answers; those of an earlier try that may have arrived stay what they were. */
  send(answers: Answers): void {
    if (this.#step === "sending" || this.#step === "done") return;
    if (!this.#uncertain || this.#answers === null) this.#answers = answers;
    this.#try();
  }

  /** Tries again at once, as somebody wants it, whatever the browser thinks of the line. */
  now(): void {
    this.#try(true);
  }

  /** Nothing where a try is under way, where all is done, or before there is anything to send. */
  #try(isWanted = false): void {
    if (this.#stopped || this.#step === "sending" || this.#step === "done" || this.#answers === null) return;
    this.#clear();
    if (isWanted || native.online()) void this.#attempt(this.#answers);
    else this.#waitFor(0); // so that it stays known that nothing was sent
  }

  /** Lets go of the answers; what is under way ends unheard. */
  stop(): void {
    this.#stopped = true;
    this.#answers = null;
    this.#clear();
    this.#deaf();
  }

  async #attempt(answers: Answers): Promise<void> {
    this.#tell({ step: "sending", uncertain: this.#uncertain });
    const reply = await this.#api.submit(this.#code(), this.#nonce, answers);
    if (!this.#stopped) this.#take(reply);
  }

  #take(reply: Reply<null>): void {
    if (reply.ok) {
      this.#answers = null;
      this.#deaf();
      this.#tell({ step: "done" });
      return;
    }
    const { refusal } = reply;
    if (refusal.kind === "problem") {
      this.#refused(refusal.slug, refusal);
      return;
    }
    if (refusal.kind === "unknown") this.#uncertain = true;
    this.#waitFor(refusal.retryAfter_s ?? 0);
  }

  #refused(slug: string, refusal: Refusal): void {
    this.#wait_s = FIRST_WAIT_S;
    if (slug === "code-refused") {
      this.#tell({ step: "expired", uncertain: this.#uncertain });
      return;
    }
    // This nonce would have been taken again, since every try had a code of the same person: it was another response.
    if (slug === "code-spent") this.#uncertain = false;
    this.#tell({ step: "refused", uncertain: this.#uncertain, refusal });
  }

  #waitFor(least_s: number): void {
    const seconds = Math.max(least_s, this.#wait_s);
    this.#wait_s = Math.min(2 * this.#wait_s, LONGEST_WAIT_S);
    this.#count(native.elapsed() + seconds * SECOND_MS, seconds);
  }

  /** By the clock and not by the ticks, which browsers slow down in pages that nobody sees. */
  #count(until: number, seconds: number): void {
    this.#tell({ step: "waiting", uncertain: this.#uncertain, seconds });
    this.#timer = native.setTimeout(() => {
      this.#timer = null;
      const left = Math.ceil((until - native.elapsed()) / SECOND_MS);
      if (left <= 0) this.#try();
      else this.#count(until, Math.min(left, seconds));
    }, SECOND_MS);
  }

  #clear(): void {
    if (this.#timer !== null) native.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(state: SendingState): void {
    this.#step = state.step;
    this.#changed(state);
  }
}

/** 128 random bits, as the service takes them. */
function nonce(): string {
  const bytes = String.fromCharCode(...native.randomBytes(NONCE_BYTES));
  return native.base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
