// Where screens are shown: one at a time, with the focus on its heading, and a voice for those who hear the page.

import { type Child, el, fill } from "./dom";
import { native } from "./native";
import { directionOf, type Words, wordsOf } from "./words/words";

export interface Screen {
  readonly node: HTMLElement;
  readonly heading: HTMLElement;
  /** Whether its height may tell what was answered, which no page around is told. */
  readonly isPrivate?: boolean;
  /** Called when another screen is shown. */
  readonly left?: () => void;
  /** Called when the width changes. */
  readonly resized?: () => void;
}

const SAY_AFTER_MS = 60;
const PRIVATE_HEIGHT = 640;
const DOUBLE_CLICK_MS = 600;

export class Stage {
  words: Words;
  /** The questionnaire's. */
  language: string;
  width = 0;
  readonly card = el("div", { class: "card" });
  readonly #inner = el("div", { class: "inner" }, this.card);
  readonly #live = el("div", { class: "heard", role: "status", "aria-live": "polite" });
  readonly #root: ShadowRoot;
  readonly #level: 1 | 2;
  #shown: Screen | null = null;
  #timer = 0;
  #since = 0;
  #toldHeight = 0;
  #publicHeight = 0;
  #isTouched = false;
  readonly #observer: ResizeObserver;
  readonly #deaf: () => void;

  constructor(root: ShadowRoot, language: string, height: (height: number) => void) {
    this.#root = root;
    this.#level = document.querySelector("h1") === null ? 1 : 2;
    this.language = language;
    this.words = wordsOf(language);
    this.speak(language);
    root.append(this.#inner, this.#live);
    native.listen(this.card, "pointerdown", () => (this.#isTouched = true));
    // The second press of a double click, meant for the screen before, would mark the text of this one.
    this.#deaf = native.listen(window, "mousedown", (event) => {
      const isSecond = (event as MouseEvent).detail > 1 && native.now() - this.#since < DOUBLE_CLICK_MS;
      if (isSecond) event.preventDefault();
    });
    this.#observer = new ResizeObserver(() => {
      this.width = this.#inner.clientWidth;
      this.#shown?.resized?.();
      this.#tellHeight(height);
    });
    this.width = this.#inner.clientWidth;
    this.#observer.observe(this.#inner);
  }

  /** Of questions one height, whatever is asked after which answer; what is higher scrolls inside. */
  #tellHeight(height: (height: number) => void): void {
    if (!this.#shown?.isPrivate) this.#publicHeight = Math.ceil(this.#inner.getBoundingClientRect().height);
    const told = this.#shown?.isPrivate ? Math.max(this.#publicHeight, PRIVATE_HEIGHT) : this.#publicHeight;
    if (told !== this.#toldHeight) height(told);
    this.#toldHeight = told;
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
    const mayFocus = this.#mayFocus();
    this.#shown = screen;
    this.#since = native.now();
    this.#hush();
    fill(this.card, screen.node);
    if (mayFocus) focus();
    else this.say(screen.heading.textContent ?? "");
  }

  /** Not where it is at work elsewhere on the page, nor in a frame that nobody has touched yet. */
  #mayFocus(): boolean {
    const { activeElement, body } = document;
    if (activeElement === this.#root.host) return true;
    return (activeElement === body || activeElement === null) && (this.#isTouched || window.parent === window);
  }

  say(text: string): void {
    this.#hush();
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
    this.#hush();
    fill(this.card);
  }

  #hush(): void {
    native.clearTimeout(this.#timer);
    fill(this.#live);
  }

  end(): void {
    this.clear();
    this.#observer.disconnect();
    this.#deaf();
  }
}

/** What Enter does in a field of one line; no form is sent, which frames may be forbidden. */
export function onEnter(act: () => void): (event: Event) => void {
  return (event) => {
    const { key, isComposing, target } = event as KeyboardEvent;
    if (key !== "Enter" || isComposing || !(target instanceof HTMLInputElement)) return;
    event.preventDefault();
    act();
  };
}

/** A button that the second press of a double click does nothing to: it was meant for the screen before. */
export function button(
  kind: string,
  text: string,
  pressed: () => void,
  given: Record<string, string> = {},
): HTMLButtonElement {
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
