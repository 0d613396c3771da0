// Where screens are shown: one at a time, with the focus on its heading, and a voice for those who hear the page.

import { type Child, el, fill } from "./dom";
import { native } from "./native";
import { directionOf, type Words, wordsOf } from "./words/words";

export interface Screen {
  readonly node: HTMLElement;
  readonly heading: HTMLElement;
  /** Called when another screen is shown. */
  readonly left?: () => void;
}

const WIDE = 640;
const SAY_AFTER_MS = 60;

export class Stage {
  words: Words;
  /** The questionnaire's. */
  language: string;
  isWide = false;
  readonly card = el("div", { class: "card" });
  readonly #inner = el("div", { class: "inner" }, this.card);
  readonly #live = el("div", { class: "heard", role: "status", "aria-live": "polite" });
  readonly #root: ShadowRoot;
  readonly #level: 1 | 2;
  #shown: Screen | null = null;
  #resized: (() => void) | null = null;
  #timer = 0;
  readonly #observer: ResizeObserver;

  constructor(root: ShadowRoot, language: string, height: (height: number) => void) {
    this.#root = root;
    this.#level = document.querySelector("h1") === null ? 1 : 2;
    this.language = language;
    this.words = wordsOf(language);
    this.speak(language);
    root.append(this.#inner, this.#live);
    this.#observer = new ResizeObserver(() => {
      const isWide = this.#inner.clientWidth >= WIDE;
      if (isWide !== this.isWide) {
        this.isWide = isWide;
        this.#resized?.();
      }
      height(Math.ceil(this.#inner.getBoundingClientRect().height));
    });
    this.isWide = this.#inner.clientWidth >= WIDE;
    this.#observer.observe(this.#inner);
  }

  speak(language: string): void {
    this.language = language;
    this.words = wordsOf(language);
    this.#inner.lang = this.#live.lang = this.words.code;
    this.#inner.dir = directionOf(language);
  }

  heading(...children: readonly Child[]): HTMLElement {
    return el(`h${this.#level}`, { tabindex: "-1" }, ...children);
  }

  /** A heading within a screen. */
  lower(...children: readonly Child[]): HTMLElement {
    return el(`h${(this.#level + 1) as 2 | 3}`, {}, ...children);
  }

  /** The language of what the questionnaire says, where it is not that of the words around. */
  get said(): string | null {
    return this.language.toLowerCase().startsWith(this.words.code) ? null : this.language;
  }

  /** `focus` is where it goes: to the heading, unless somebody came from elsewhere. */
  show(screen: Screen, focus: () => void = () => screen.heading.focus()): void {
    this.#shown?.left?.();
    const isFirst = this.#shown === null;
    const wasInside = this.#root.activeElement !== null;
    this.#shown = screen;
    this.#resized = null;
    fill(this.card, screen.node);
    // Before anybody has done anything here, the focus may be at work elsewhere on the page.
    if (isFirst || (!wasInside && document.activeElement !== document.body && document.activeElement !== this.#root.host)) {
      this.say(screen.heading.textContent ?? "");
    } else if (wasInside || window.parent === window) focus();
  }

  /** Calls when the width for a table comes or goes, as long as this screen is shown. */
  onWidth(resized: () => void): void {
    this.#resized = resized;
  }

  say(text: string): void {
    native.clearTimeout(this.#timer);
    fill(this.#live);
    this.#timer = native.setTimeout(() => fill(this.#live, text), SAY_AFTER_MS);
  }

  get focused(): Element | null {
    return this.#root.activeElement;
  }

  find(id: string): HTMLElement | null {
    return this.#root.getElementById(id);
  }

  /** Leaves nothing of what was shown. */
  clear(): void {
    this.#shown?.left?.();
    this.#shown = null;
    this.#resized = null;
    native.clearTimeout(this.#timer);
    fill(this.card);
    fill(this.#live);
  }

  end(): void {
    this.clear();
    this.#observer.disconnect();
  }
}

/** A button that the second press of a double click does nothing to: it was meant for the screen before. */
export function button(kind: string, text: string, pressed: () => void, given: Record<string, string> = {}): HTMLButtonElement {
  return el(
    "button",
    {
      type: "button",
      class: kind,
      ...given,
      onclick: (event) => {
        if ((event as MouseEvent).detail < 2) pressed();
      },
    },
    text,
  );
}
