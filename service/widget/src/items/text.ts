// An answer in a person's own words.

import { el, fill } from "../dom";
import type { TextItem } from "../model";
import { native } from "../native";
import { lengthOf } from "../typed";
import { type Asking, Frame, type View } from "./frame";

const FEW_LEFT = 50;
const PAUSE_MS = 1_000;

export function text(asking: Asking<TextItem>): View {
  const { item, words } = asking;
  const frame = new Frame(asking, "field", null, true);
  let pause = 0;
  const counter = el("p", { class: "counter", id: frame.id("count"), lang: words.code });
  const field = el("textarea", {
    id: frame.id("field"),
    rows: item.max_length > 150 ? 4 : 2,
    autocomplete: "off",
    "aria-required": item.required && "true",
    oninput: () => {
      refusal.checked = false;
      take(false);
    },
  });
  const given = asking.answer();
  field.value = typeof given === "string" ? given : "";
  frame.body.append(field, counter);
  let before = "";
  const refusal = frame.refusal((refused) => {
    if (refused) before = field.value;
    field.value = refused ? "" : before;
    take(refused);
  });
  frame.judged(field);
  frame.describe(field, "count");
  count();
  return frame;

  function take(refused: boolean): void {
    asking.take(field.value === "" ? null : field.value, refused);
    count();
    sayLeft();
  }

  function count(): void {
    const length = lengthOf(field.value);
    fill(counter, words.questions.count(length, item.max_length));
    counter.classList.toggle("over", length > item.max_length);
  }

  /** Once somebody pauses, and only where the end is near. */
  function sayLeft(): void {
    native.clearTimeout(pause);
    pause = native.setTimeout(() => {
      const length = lengthOf(field.value);
      const left = item.max_length - length;
      if (field.isConnected && length > 0 && left <= FEW_LEFT) asking.say(words.questions.left(left));
    }, PAUSE_MS);
  }
}
