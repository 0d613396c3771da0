// Screens that tell what happened: sending, not sent, done, and why one cannot go on.

import { el, fill, ICONS, icon } from "../dom";
import type { Context, Told } from "../model";
import type { SendingState } from "../sending";
import { button, type Screen, type Stage } from "../stage";
import { moment, type StopReason } from "../words/words";

export interface Unsent extends Screen {
  update(state: SendingState): void;
}

/** The truth about answers that are not known to have arrived, and when the next try is. */
export function unsent(stage: Stage, now: () => void): Unsent {
  const words = stage.words.sending;
  const heading = stage.heading();
  const text = el("p");
  const next = el("p", { class: "next", role: "timer" });
  const retry = button("main", words.now, now);
  let wasUncertain: boolean | null = null;
  const node = el(
    "div",
    { class: "stop" },
    badge("mark"),
    heading,
    text,
    next,
    el("div", { class: "actions" }, retry),
  );
  return { node, heading, update };

  function update(state: SendingState): void {
    if (state.step !== "waiting" && state.step !== "sending") return;
    if (state.uncertain !== wasUncertain) {
      fill(heading, state.uncertain ? words.unknown : words.unsent);
      fill(text, state.uncertain ? words.unknownText : words.unsentText);
      if (wasUncertain !== null) stage.say(`${heading.textContent}. ${text.textContent}`);
      wasUncertain = state.uncertain;
    }
    fill(next, state.step === "waiting" ? words.again(state.seconds) : words.trying);
    if (state.step === "sending") retry.setAttribute("aria-disabled", "true");
    else retry.removeAttribute("aria-disabled");
  }
}

export interface DoneGiven {
  readonly told: Told;
  readonly context: Context | null;
  /** At a kiosk: how this screen ends. */
  readonly leave: HTMLElement | null;
}

export function done(stage: Stage, { told, context, leave }: DoneGiven): Screen {
  const { words } = stage;
  const heading = stage.heading(words.done.title);
  const first = (topic: string): string | undefined => told.promise.find((one) => one.topic === topic)?.text;
  const closes = context?.closes_at && words.done.closes(moment(context.closes_at, words));
  const next = [closes, first("interim"), first("retention")].filter((one) => one);
  const node = el(
    "div",
    { class: "stop" },
    badge("done"),
    heading,
    el("p", {}, leave ? words.done.kioskText : words.done.text),
    leave,
    next.length > 0 && stage.lower(words.done.next),
    el("ul", {}, ...next.map((one) => el("li", {}, one))),
  );
  return { node, heading };
}

export interface StopGiven {
  readonly reason: StopReason;
  readonly opensAt?: string | null;
  readonly again?: (() => void) | null;
  /** What is known of answers that go with this screen, where there are any. */
  readonly fate?: string | null;
}

export function stop(stage: Stage, { reason, opensAt = null, again = null, fate = null }: StopGiven): Screen {
  const { words } = stage;
  const { title, text } = words.stops[reason];
  const heading = stage.heading(title);
  const node = el(
    "div",
    { class: "stop" },
    badge("mark"),
    heading,
    fate && el("p", {}, fate),
    ...(opensAt ? [words.opensOn(moment(opensAt, words))] : text).map((one) => el("p", {}, one)),
    again && el("div", { class: "actions" }, button("main", words.tryAgain, again)),
  );
  return { node, heading };
}

function badge(kind: "mark" | "done"): HTMLElement {
  return el("span", { class: `badge ${kind}`, "aria-hidden": "true" }, icon(ICONS[kind]));
}
