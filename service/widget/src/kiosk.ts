// At a kiosk nobody finds what somebody left: after a while without a touch or a key, everything is dropped.

import { el, fill } from "./dom";
import { native } from "./native";
import { button, type Stage } from "./stage";
import type { Flow } from "./flow";

const IDLE_S = 60;
/** While answers wait to be sent. */
const IDLE_UNSENT_S = 180;
const WARNED_S = 20;
const DONE_S = 15;
const SIGNS = ["pointerdown", "keydown", "input", "wheel", "touchstart"];

export class Kiosk {
  readonly #stage: Stage;
  readonly #flow: () => Flow;
  readonly #reset: () => void;
  readonly #ends: readonly (() => void)[];
  #since = native.elapsed();
  #timer = 0;
  #dialog: HTMLDialogElement | null = null;
  #left: HTMLElement | null = null;
  #leave: { readonly node: HTMLElement; readonly at: number } | null = null;

  constructor(stage: Stage, flow: () => Flow, reset: () => void) {
    this.#stage = stage;
    this.#flow = flow;
    this.#reset = reset;
    this.#ends = [
      ...SIGNS.map((sign) => native.listen(window, sign, () => this.#touched(), { capture: true, passive: true })),
      native.listen(window, "pagehide", reset), // what a page was, the way back finds again
    ];
    this.#tick();
  }

  /** What a last screen shows: when it goes, and the way to the next person at once. */
  leave(): HTMLElement {
    const { words } = this.#stage;
    const node = el("p", { class: "next", role: "timer" }, words.kiosk.clears(DONE_S));
    this.#leave = { node, at: native.elapsed() + DONE_S * 1000 };
    return el(
      "div",
      { class: "leave" },
      el("div", { class: "actions" }, button("main", words.kiosk.next, this.#reset)),
      node,
    );
  }

  /** A new person. */
  restart(): void {
    this.#close();
    this.#leave = null;
    this.#since = native.elapsed();
  }

  end(): void {
    native.clearTimeout(this.#timer);
    for (const end of this.#ends) end();
    this.#close();
  }

  #touched(): void {
    if (!this.#isWarned) this.#since = native.elapsed();
  }

  /** The dialog goes with the screen that it stands on. */
  get #isWarned(): boolean {
    return this.#dialog?.isConnected === true;
  }

  #tick(): void {
    this.#timer = native.setTimeout(() => {
      this.#look();
      this.#tick();
    }, 1000);
  }

  #look(): void {
    const now = native.elapsed();
    const { words } = this.#stage;
    if (this.#leave?.node.isConnected) {
      const left = Math.ceil((this.#leave.at - now) / 1000);
      if (left <= 0) this.#reset();
      else fill(this.#leave.node, words.kiosk.clears(left));
      return;
    }
    const { stake } = this.#flow();
    const idle = (now - this.#since) / 1000;
    const allowed = stake === "unsent" || stake === "unknown" ? IDLE_UNSENT_S : IDLE_S;
    if (idle < allowed) return;
    if (stake === "nothing") {
      this.#stage.unused();
      this.#since = now;
      return;
    }
    const left = Math.ceil(allowed + WARNED_S - idle);
    if (left <= 0) this.#reset();
    else if (!this.#isWarned) this.#warn(stake);
    if (this.#left) fill(this.#left, words.kiosk.clears(left));
  }

  #warn(stake: "something" | "unsent" | "unknown"): void {
    const { words } = this.#stage;
    const { idle, idleUnsent, idleUnknown } = words.kiosk;
    const text = { something: idle, unsent: idleUnsent, unknown: idleUnknown }[stake];
    const stay = (): void => {
      this.#close();
      this.#since = native.elapsed();
    };
    this.#left = el("p", { class: "next", role: "timer" }, words.kiosk.clears(WARNED_S));
    this.#dialog = el(
      "dialog",
      { role: "alertdialog", "aria-labelledby": "idle-title", "aria-describedby": "idle-text", oncancel: stay },
      el("h2", { id: "idle-title" }, words.kiosk.idleTitle),
      el("p", { id: "idle-text" }, text),
      this.#left,
      el("div", { class: "actions" }, button("main", words.kiosk.here, stay)),
    );
    this.#stage.card.append(this.#dialog);
    this.#dialog.showModal();
  }

  #close(): void {
    this.#dialog?.close();
    this.#dialog?.remove();
    this.#dialog = this.#left = null;
  }
}
