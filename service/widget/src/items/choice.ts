// One of several options.

import { fill } from "../dom";
import type { SingleChoiceItem } from "../model";
import { type Asking, choiceRow, Frame, Radios, type View } from "./frame";

export function choice(asking: Asking<SingleChoiceItem>): View {
  const frame = new Frame(asking, "radiogroup");
  const radios = new Radios(frame);
  const rows = asking.item.options.map((option) =>
    choiceRow(radios.input(option.id), "", frame.piped.node(option.text)),
  );
  fill(frame.body, ...rows, ...radios.rest());
  return frame;
}
