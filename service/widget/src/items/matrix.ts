// Ratings as a table: statements in rows, points in columns. Each button says the whole sentence by itself.

import { el, fill, focusOn, icon, ICONS } from "../dom";
import type { Item, RatingItem } from "../model";
import { type Asking, bare, Piped, type View } from "./frame";
import { pointsOf } from "./points";

/** The rows by item, and the table that holds them. */
export interface Matrix {
  readonly node: HTMLElement;
  readonly rows: ReadonlyMap<string, View>;
}

/** How wide it is, without squeezing what is pressed. */
export function widthOf(askings: readonly RatingItem[]): number {
  const columns = (askings[0] ? pointsOf(askings[0]).length : 0) + 2;
  return Math.max(640, 300 + 48 * columns);
}

export function isRating(item: Item): item is RatingItem {
  return item.type === "rating";
}

export function matrix(stem: string, askings: readonly Asking<RatingItem>[]): Matrix {
  const first = askings[0] as Asking<RatingItem>;
  const words = first.words.questions;
  const points = pointsOf(first.item);
  const anySensitive = askings.some(({ item }) => item.sensitive);
  const anyToClear = askings.some(({ item }) => !item.required && !item.sensitive);
  const piped = new Piped(first.text);
  const heads = points.map((point) => {
    const label = first.item.labels[point];
    return el(
      "th",
      { scope: "col" },
      el("span", { class: "place" }, `${point}`),
      label && el("span", { class: "label" }, " ", piped.node(label)),
    );
  });
  const table = el(
    "table",
    {},
    el("caption", { class: "heard" }, piped.node(stem)),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "col", class: "row" },
          el("span", { class: "heard", lang: first.words.code }, words.statement),
        ),
        ...heads,
        anySensitive &&
          el(
            "th",
            { scope: "col", class: "refusal", lang: first.words.code },
            el("span", { class: "label" }, words.refuse),
          ),
        anyToClear && el("td", { class: "last" }),
      ),
    ),
  );
  const body = el("tbody");
  table.append(body);
  const rows = new Map(askings.map((asking) => [asking.item.id, row(asking)]));
  body.append(...[...rows.values()].map((view) => view.node));
  return { node: el("div", { class: "matrix" }, table), rows };

  function row(asking: Asking<RatingItem>): View {
    const { item } = asking;
    const id = (part: string): string => `q-${item.id}-${part}`;
    const own = new Piped(asking.text);
    const fault = el("span", { class: "fault", id: id("fault"), hidden: true, lang: asking.words.code });
    const needed =
      item.required && el("span", { class: "needed", lang: asking.words.code }, asking.words.questions.required);
    const head = el(
      "th",
      { scope: "row", class: "row" },
      el("span", { id: id("text") }, own.node(item.text)),
      needed && " ",
      needed,
      fault,
    );
    const inputs = points.map((point) => input(`${point}`, () => asking.take(point), asking.answer() === point));
    const refuse = input("refuse", () => asking.take(null, true), asking.refused());
    const clear = el(
      "button",
      { type: "button", class: "square", id: id("clear"), onclick: cleared },
      icon(ICONS.out),
    );
    const clearText = el("span", { class: "heard" });
    clear.append(clearText);
    name();
    own.also(name);
    show();
    const node = el(
      "tr",
      {},
      head,
      ...inputs.map((one) => el("td", {}, el("label", { class: "spot" }, one))),
      anySensitive && el("td", {}, item.sensitive && el("label", { class: "spot" }, refuse)),
      anyToClear && el("td", { class: "last" }, !item.required && !item.sensitive && clear),
    );
    return { node, focus, complain, refresh };

    function input(part: string, take: () => void, checked: boolean): HTMLInputElement {
      const made = el("input", {
        type: "radio",
        name: id("answer"),
        id: id(part),
        required: item.required,
        onchange: () => {
          take();
          show();
        },
      });
      made.checked = checked;
      return made;
    }

    function name(): void {
      const text = bare(asking.text(item.text));
      const filledStem = bare(first.text(stem));
      const begun = `${filledStem && words.stem(filledStem)}${text}`;
      inputs.forEach((one, at) => {
        const point = points[at] as number;
        const label = asking.text(item.labels[point] ?? "");
        const said = words.ofPoints(point, points[points.length - 1] as number, label);
        one.setAttribute("aria-label", words.named(begun, said));
      });
      refuse.setAttribute("aria-label", words.named(begun, words.refuse));
      fill(clearText, `${words.clear}: ${text}`);
    }

    function show(): void {
      clear.classList.toggle("absent", asking.answer() === null);
    }

    function cleared(): void {
      asking.take(null);
      for (const one of inputs) one.checked = false;
      focusOn(inputs[0]);
      show();
      asking.say(words.cleared);
    }

    function focus(): void {
      focusOn(inputs.find((one) => one.checked) ?? inputs[0]);
    }

    function complain(message: string | null): void {
      fault.hidden = message === null;
      fill(fault, message !== null && icon(ICONS.alert), message);
      node.classList.toggle("wrong", message !== null);
      for (const one of inputs) {
        if (message === null) one.removeAttribute("aria-describedby");
        else one.setAttribute("aria-describedby", id("fault"));
      }
    }

    function refresh(): void {
      piped.renew();
      own.renew();
    }
  }
}
