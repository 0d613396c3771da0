// A rating, or how likely it is that somebody recommends: points in a row, the words of the ends beside them.

import { el, fill, heard } from "../dom";
import type { EnpsItem, Labels, RatingItem } from "../model";
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
  const spoken = all.filter((point) => item.labels[point]);
  const atEnds = spoken.every((point) => point === all[0] || point === all[all.length - 1]);
  const cells = all.map((point) => {
    const label = item.labels[point];
    const words_ = label ? frame.piped.node(label) : null;
    const beside = words_ && (atEnds ? el("span", { class: "heard" }, ", ", words_) : el("span", { class: "label" }, heard(", "), words_));
    return el("label", { class: "point" }, radios.input(point), el("span", { class: "face" }, `${point}`), beside);
  });
  const row = el("div", { class: atEnds ? "points" : "points named" }, ...cells);
  fill(frame.body, row, atEnds && spoken.length > 0 && ends(item.labels, spoken), ...radios.rest());
  return frame;

  function ends(labels: Labels, points_: readonly number[]): HTMLElement {
    const shown = points_.map((point) => {
      const raw = labels[point] ?? "";
      const node = el("span", {});
      const renew = (): void => fill(node, words.questions.end(point, asking.text(raw)));
      renew();
      frame.piped.also(renew);
      return node;
    });
    return el("div", { class: "ends", "aria-hidden": "true" }, ...(all[0] === points_[0] ? shown : ["", ...shown]));
  }
}
