// Several of several options, perhaps not all.

import { el } from "../dom";
import type { MultipleChoiceItem } from "../model";
import { type Asking, choiceRow, Frame, type View } from "./frame";

export function choices(asking: Asking<MultipleChoiceItem>): View {
  const { item, words } = asking;
  const limited = item.max_choices < item.options.length;
  const frame = new Frame(asking, "group", limited ? words.questions.atMost(item.max_choices) : words.questions.any);
  const given = asking.answer();
  const boxes = item.options.map((option) => {
    const box = el("input", { type: "checkbox", id: frame.id(option.id), value: option.id, onchange: take });
    box.checked = typeof given === "object" && given !== null && given.includes(option.id);
    return box;
  });
  frame.body.append(
    ...item.options.map((option, at) => choiceRow(boxes[at] as HTMLInputElement, "", frame.piped.node(option.text))),
  );
  const refusal = frame.refusal((refused) => {
    if (refused) for (const box of boxes) box.checked = false;
    asking.take(null, refused);
  });
  frame.judged(...boxes);
  return frame;

  function take(): void {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    if (chosen.length > 0) refusal.checked = false;
    asking.take(chosen.length > 0 ? chosen : null);
  }
}
