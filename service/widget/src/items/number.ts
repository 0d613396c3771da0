// A whole number between two bounds.

import { el } from "../dom";
import type { NumberItem } from "../model";
import { numberIn } from "../typed";
import { type Asking, Frame, type View } from "./frame";

export function number(asking: Asking<NumberItem>): View {
  const { item, words } = asking;
  const shown = new Intl.NumberFormat(words.tag);
  const frame = new Frame(
    asking,
    "field",
    words.questions.between(shown.format(item.minimum), shown.format(item.maximum)),
  );
  const field = el("input", {
    type: "text",
    inputmode: item.minimum < 0 ? "text" : "numeric", // keyboards of digits have no minus
    autocomplete: "off",
    id: frame.id("field"),
    class: "short",
    "aria-required": item.required && "true",
    oninput: () => {
      refusal.checked = false;
      asking.take(numberIn(field.value));
    },
  });
  field.value = `${asking.answer() ?? ""}`;
  frame.body.append(field);
  let before = "";
  const refusal = frame.refusal((refused) => {
    if (refused) before = field.value;
    field.value = refused ? "" : before;
    asking.take(numberIn(field.value), refused);
  });
  frame.judged(field);
  frame.describe(field);
  return frame;
}
