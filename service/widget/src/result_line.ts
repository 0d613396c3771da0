// The line from wave to wave: broken where a figure is not shown, and never drawn through it.

import { set } from "./dom";
import { numberOf, type Mark, type Told } from "./result_told";
import { put, type ResultWords } from "./words/result";

const WIDTH = 288;
const HEIGHT = 120;
const SIDE = 14;
/** Room for the two ends of the scale. */
const START = 34;
const DOT = 3.5;

const SVG = "http://www.w3.org/2000/svg";

type Place = { readonly mark: Mark; readonly x: number; readonly y: number | null };

export function line(told: Told, words: ResultWords): SVGSVGElement {
  const places = placed(told);
  const label = put(words.named, { name: put(words.chart, { name: told.name }), value: told.summary });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "line" },
    ...[SIDE, HEIGHT / 2, HEIGHT - SIDE].map((y) => across(y)),
    ...ticks(told, words),
    ...places.flatMap((place) => intervalOf(place, told)),
    ...runs(places).map((run) => svg("path", { class: "run", d: `M${run.map(({ x, y }) => `${x} ${y}`).join("L")}` })),
    ...places.map((place) => dotOf(place)),
  );
}

function across(y: number): SVGElement {
  return svg("path", { class: "grid", d: `M${START - SIDE} ${y}H${WIDTH}` });
}

function ticks(told: Told, words: ResultWords): readonly SVGElement[] {
  if (told.ends === null) return [];
  const height = heights(told);
  return told.ends.map((end) => svg("text", { x: 0, y: height(end) + 4, class: "tick" }, numberOf(end, words)));
}

/** Neighbours of which all have a figure. */
function runs(places: readonly Place[]): readonly (readonly Place[])[] {
  const found: Place[][] = [[]];
  for (const place of places) {
    if (place.y === null) found.push([]);
    else found[found.length - 1]?.push(place);
  }
  return found.filter((run) => run.length > 1);
}

function dotOf({ x, y }: Place): SVGElement {
  if (y === null) return svg("path", { class: "hidden", d: `M${x} ${SIDE}V${HEIGHT - SIDE}` });
  return svg("circle", { class: "dot", cx: x, cy: y, r: DOT });
}

function intervalOf({ mark, x }: Place, told: Told): readonly SVGElement[] {
  if (mark.low === null || mark.high === null) return [];
  const height = heights(told);
  return [svg("path", { class: "interval", d: `M${x} ${height(mark.low)}V${height(mark.high)}` })];
}

/** By the number of the wave, so that a wave which did not ask it leaves its room. */
function placed(told: Told): readonly Place[] {
  const height = heights(told);
  const first = told.marks[0]?.wave ?? 0;
  const span = (told.marks[told.marks.length - 1]?.wave ?? 0) - first;
  return told.marks.map((mark) => ({
    mark,
    x: rounded(START + (span === 0 ? 0.5 : (mark.wave - first) / span) * (WIDTH - START - SIDE)),
    y: mark.value === null ? null : height(mark.value),
  }));
}

/**
 * Where a figure stands. Over all figures that there can be, for a small difference to look small; where that is not
 * known, over twice the span of what is shown.
 */
function heights(told: Told): (value: number) => number {
  const [lowest, highest] = told.ends ?? aroundShown(told.marks);
  return (value) => {
    const part = (Math.min(Math.max(value, lowest), highest) - lowest) / (highest - lowest);
    return rounded(HEIGHT - SIDE - part * (HEIGHT - 2 * SIDE));
  };
}

function aroundShown(marks: readonly Mark[]): readonly [number, number] {
  const shown = marks.flatMap((mark) => [mark.value, mark.low, mark.high]).filter((one) => one !== null);
  if (shown.length === 0) return [0, 1];
  const [lowest, highest] = [Math.min(...shown), Math.max(...shown)];
  const room = (highest - lowest) / 2 || 1;
  return [lowest - room, highest + room];
}

function rounded(place: number): number {
  return Math.round(place * 10) / 10;
}

function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  given: Readonly<Record<string, string | number>>,
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) set(made, name, value);
  made.append(...children);
  return made;
}
