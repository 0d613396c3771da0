// Elements, made one by one: no text of anybody's is ever read as markup.

import { native } from "./native";

export type Child = Node | string | false | null | undefined;
type Value = string | number | boolean | null | undefined | ((event: Event) => void);
export type Attributes = Readonly<Record<string, Value>>;

/** An element. `onclick` and the like are listened to; `true` is an attribute without a value, false and null none. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  given: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") native.listen(made, name.slice(2), value);
    else set(made, name, value);
  }
  made.append(...present(children));
  return made;
}

export function set(node: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : `${value}`);
}

export function fill(node: Element, ...children: readonly Child[]): void {
  node.replaceChildren(...present(children));
}

/** What is told to those who hear the page, and not shown. */
export function heard(text: string): HTMLElement {
  return el("span", { class: "heard" }, text);
}

/** In a frame nothing but the frame scrolls: where the page around stands would tell it what was pressed in here. */
export function focusOn(node: HTMLElement | null | undefined): void {
  if (!node) return;
  const isFramed = window.parent !== window;
  node.focus({ preventScroll: isFramed });
  if (!isFramed) return;
  const { top, bottom } = node.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) window.scrollBy(0, top - ROOM_ABOVE);
}

const ROOM_ABOVE = 80;
const SVG = "http://www.w3.org/2000/svg";

/** A line drawing in a square of 24; it says nothing that words beside it do not. */
export function icon(path: string): SVGElement {
  const drawn = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  drawn.append(line);
  return drawn;
}

export const ICONS = {
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  add: "M12 5v14M5 12h14",
  out: "M6 6l12 12M18 6 6 18",
  done: "M5 13l5 5L20 7",
  alert: "M12 7.5v5.5m0 3.5v.01M12 3a9 9 0 1 0 .01 0",
  mark: "M12 5v9m0 5v.01",
} as const;

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false);
}
