// Where screens are shown: one at a time, with the focus on its heading, and a voice for those who hear the page.

import { type Child, el, fill, focusOn } from "./dom";
import { native } from "./native";
import { directionOf, type Words, wordsOf } from "./words/words";

export interface Screen {
  readonly node: HTMLElement;
  readonly heading: HTMLElement;
  /** Whether its height may tell what was answered, which no page around is told. */
  readonly isPrivate?: boolean;
  /** Called when another screen is shown. */
  readonly left?: () => void;
  /** Called at a kiosk that nobody has used for a while. */
  readonly unused?: () => void;
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
  #privateHeight = 0;
  #isTouched = false;
  readonly #height: (height: number) => void;
  readonly #observer: ResizeObserver;
  readonly #deaf: () => void;

  constructor(root: ShadowRoot, language: string, height: (height: number) => void) {
    this.#root = root;
    this.#height = height;
    this.#level = document.querySelector("h1") === null ? 1 : 2;
    this.language = language;
    this.words = wordsOf(language);
    this.speak(language);
    root.append(this.#inner, this.#live);
    for (const sign of ["pointerdown", "keydown"]) native.listen(this.card, sign, () => (this.#isTouched = true));
    // The second press of a double click, meant for the screen before, would mark the text of this one.
    this.#deaf = native.listen(root, "mousedown", (event) => {
      const isSecond = (event as MouseEvent).detail > 1 && native.elapsed() - this.#since < DOUBLE_CLICK_MS;
      if (isSecond) event.preventDefault();
    });
    this.#observer = new ResizeObserver(() => {
      if (this.width === this.#inner.clientWidth) return;
      this.width = this.#inner.clientWidth;
      this.#shown?.resized?.();
      this.#tellHeight();
    });
    this.width = this.#inner.clientWidth;
    this.#observer.observe(this.#inner);
  }

  /** To whoever begins to listen. */
  tellAgain(): void {
    this.#toldHeight = 0;
    this.#tellHeight();
  }

  /**
   * When a screen begins, and when the width changes, so that nobody learns what was opened meanwhile. Of questions one
   * height, as the first page has it before anything is answered; what is higher scrolls inside.
   */
  #tellHeight(): void {
    if (!this.#shown) return;
    const { isPrivate } = this.#shown;
    if (!isPrivate) this.#publicHeight = this.#heightClosed();
    else if (this.#privateHeight === 0) this.#privateHeight = Math.max(this.#heightClosed(), PRIVATE_HEIGHT);
    const told = isPrivate ? Math.max(this.#publicHeight, this.#privateHeight) : this.#publicHeight;
    if (told !== this.#toldHeight) this.#height(told);
    this.#toldHeight = told;
  }

  #heightClosed(): number {
    const opened = [...this.#inner.querySelectorAll<HTMLDetailsElement>("details[open]")];
    for (const one of opened) one.open = false;
    const { height } = this.#inner.getBoundingClientRect();
    for (const one of opened) one.open = true;
    return Math.ceil(height);
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
  show(screen: Screen, focus: () => void = () => focusOn(screen.heading)): void {
    this.#shown?.left?.();
    const mayFocus = this.#mayFocus();
    this.#shown = screen;
    this.#since = native.elapsed();
    this.#hush();
    fill(this.card, screen.node);
    this.#tellHeight();
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

  unused(): void {
    this.#shown?.unused?.();
  }

  /** Leaves nothing of what was shown. */
  clear(): void {
    this.#shown?.left?.();
    this.#shown = null;
    this.#privateHeight = 0;
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
