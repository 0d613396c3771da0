// A rating, or how likely it is that somebody recommends: points in a row, the words of the ends beside them.

import { el, fill } from "../dom";
import type { EnpsItem, RatingItem } from "../model";
import { type Asking, Frame, Radios, type View } from "./frame";

const ENPS_MOST = 10;

export function pointsOf(item: RatingItem | EnpsItem): readonly number[] {
  return item.type === "enps"
    ? Array.from({ length: ENPS_MOST + 1 }, (_, at) => at)
    : Array.from({ length: item.points }, (_, at) => at + 1);
}

export function points(asking: Asking<RatingItem | EnpsItem>): View {
  const { item, words } = asking;
  const frame = new Frame(asking, "radiogroup");
  const radios = new Radios(frame);
  const all = pointsOf(item);
  const first = all[0];
  const last = all[all.length - 1];
  const named = all.filter((point) => item.labels[point]);
  const atEnds = named.every((point) => point === first || point === last);
  const ends = el("div", { class: "ends", "aria-hidden": "true" });
  const cells = all.map((point) => {
    const label = item.labels[point];
    const radio = radios.input(point);
    if (label) renewed(() => radio.setAttribute("aria-label", words.questions.named(point, asking.text(label))));
    const beside = label && !atEnds && el("span", { class: "label" }, frame.piped.node(label));
    return el("label", { class: "point" }, radio, el("span", { class: "face" }, `${point}`), beside);
  });
  if (atEnds) renewed(() => fill(ends, ...[first, last].map(end)));
  const row = el("div", { class: atEnds ? "points" : "points named" }, ...cells);
  fill(frame.body, row, atEnds && named.length > 0 && ends, ...radios.rest());
  return frame;

  function end(point = 0): HTMLElement {
    const label = item.labels[point];
    return el("span", {}, label && words.questions.end(point, asking.text(label)));
  }

  function renewed(renew: () => void): void {
    renew();
    frame.piped.also(renew);
  }
}
