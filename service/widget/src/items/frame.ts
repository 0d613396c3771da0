// What all questions have: their words, a hint, whether an answer is needed, what is wrong, and the way to say nothing.

import { type Child, el, fill, focusOn, heard, icon, ICONS, set } from "../dom";
import type { Answer, Item } from "../model";
import type { Words } from "../words/words";

/** What a question is asked with. */
export interface Asking<Kind extends Item = Item> {
  readonly item: Kind;
  readonly words: Words;
  /** Whether what people write is shown to anybody. */
  readonly isRead: boolean;
  /** What several questions begin with, which stands above them all and is heard with each. */
  readonly stem?: string;
  /** A text of the questionnaire with earlier answers put in. */
  text(raw: string): string;
  answer(): Answer;
  refused(): boolean;
  take(answer: Answer, refused?: boolean): void;
  /** Tells those who hear the page. */
  say(text: string): void;
}

export interface View {
  readonly node: HTMLElement;
  focus(): void;
  complain(message: string | null): void;
  /** Puts in anew what earlier answers are put into. */
  refresh(): void;
}

/** Texts that earlier answers are put into. */
export class Piped {
  readonly #renewals: (() => void)[] = [];
  readonly #filled: (raw: string) => string;

  constructor(filled: (raw: string) => string) {
    this.#filled = filled;
  }

  node(raw: string): Text {
    const node = document.createTextNode(this.#filled(raw));
    if (raw.includes("{{")) this.also(() => (node.data = this.#filled(raw)));
    return node;
  }

  also(renew: () => void): void {
    this.#renewals.push(renew);
  }

  renew(): void {
    for (const one of this.#renewals) one();
  }
}

/** One question: a group of controls with a legend, or one control with a label. */
export class Frame implements View {
  readonly node: HTMLElement;
  readonly body = el("div", { class: "body" });
  readonly piped: Piped;
  readonly #fault: HTMLElement;
  #invalid: readonly Element[] = [];

  constructor(
    readonly asking: Asking,
    shape: "radiogroup" | "group" | "field",
    hint: string | null = null,
    isWritten = false,
  ) {
    const { item, words } = asking;
    this.piped = new Piped(asking.text);
    const needed = item.required && el("span", { class: "needed", lang: words.code }, words.questions.required);
    const text = el("span", { id: this.id("text") }, this.#begun(), this.piped.node(item.text));
    const texts: Child[] = [text, needed && " ", needed];
    const told = hint !== null && el("p", { class: "hint", id: this.id("hint"), lang: words.code }, hint);
    const { anonymous, read, unread } = words.questions;
    const warning = `${anonymous} ${asking.isRead ? read : unread}`;
    const warned = isWritten && el("p", { class: "hint", id: this.id("warn"), lang: words.code }, warning);
    this.#fault = el("p", { class: "fault", id: this.id("fault"), lang: words.code, hidden: true });
    const rest = [told, warned, this.body, this.#fault];
    if (shape === "field") {
      const label = el("label", { class: "ask", for: this.id("field") }, ...texts);
      this.node = el("div", { class: "item" }, label, ...rest);
    } else {
      const role = shape === "radiogroup" ? shape : null;
      const legend = el("legend", { class: "ask", id: this.id("ask") }, ...texts);
      this.node = el("fieldset", { class: "item", role, "aria-labelledby": this.id("ask") }, legend, ...rest);
      if (role) {
        set(this.node, "aria-required", item.required && "true");
        this.#invalid = [this.node];
      }
      this.describe(this.node);
    }
  }

  #begun(): HTMLElement | null {
    const { stem, text, words } = this.asking;
    if (!stem) return null;
    const begun = heard("");
    const renew = (): void => fill(begun, words.questions.stem(bare(text(stem))));
    this.piped.also(renew);
    renew();
    return begun;
  }

  id(part: string): string {
    return `q-${this.asking.item.id}-${part}`;
  }

  /** The hints, and what is wrong, are told with this element. */
  describe(node: Element, ...more: readonly string[]): void {
    const parts = ["hint", "warn", ...more, "fault"].filter((part) => this.node?.querySelector(`#${this.id(part)}`));
    set(node, "aria-describedby", parts.map((part) => this.id(part)).join(" ") || null);
  }

  /** The controls that are said to be wrong where the answer is. */
  judged(...nodes: readonly Element[]): void {
    this.#invalid = nodes;
  }

  focus(): void {
    const inputs = [...this.node.querySelectorAll<HTMLElement>("input, textarea, button")];
    focusOn(inputs.find((one) => one instanceof HTMLInputElement && one.checked) ?? inputs[0]);
  }

  complain(message: string | null): void {
    this.#fault.hidden = message === null;
    fill(this.#fault, message !== null && icon(ICONS.alert), message);
    this.node.classList.toggle("wrong", message !== null);
    for (const one of this.#invalid) set(one, "aria-invalid", message !== null && "true");
  }

  refresh(): void {
    this.piped.renew();
  }

  /** “I prefer not to answer” as a box of its own, for what is not answered by radio buttons. */
  refusal(onRefused: (refused: boolean) => void): HTMLInputElement {
    const { asking } = this;
    const box = el("input", {
      type: "checkbox",
      id: this.id("refuse"),
      "aria-describedby": this.id("text"),
      onchange: () => onRefused(box.checked),
    });
    box.checked = asking.refused();
    if (asking.item.sensitive)
      this.body.append(choiceRow(box, "refuse", asking.words.questions.refuse, asking.words.code));
    return box;
  }
}

/** Without what ends a sentence, so that it can go on. */
export function bare(text: string): string {
  return text.replace(/[\s.:…]+$/u, "");
}

/** A radio button or a check box with its words, all of it to be pressed. */
export function choiceRow(box: HTMLInputElement, kind: string, text: Child, language?: string): HTMLElement {
  return el("label", { class: `choice ${kind}`, lang: language }, box, el("span", {}, text));
}

/** Radio buttons of one question, the way to refuse, and the one to clear. */
export class Radios {
  readonly #inputs: HTMLInputElement[] = [];
  readonly #clear: HTMLButtonElement;

  constructor(readonly frame: Frame) {
    const { words } = frame.asking;
    this.#clear = el(
      "button",
      {
        type: "button",
        class: "quiet clear",
        id: frame.id("clear"),
        lang: words.code,
        "aria-labelledby": `${frame.id("clear")} ${frame.id("text")}`,
        onclick: () => this.#cleared(),
      },
      words.questions.clear,
    );
  }

  input(value: number | string, given: Record<string, string> = {}): HTMLInputElement {
    const { asking } = this.frame;
    const made = el("input", {
      ...given,
      type: "radio",
      name: this.frame.id("answer"),
      id: this.frame.id(`${value}`),
      onchange: () => {
        asking.take(value);
        this.#show();
      },
    });
    made.checked = asking.answer() === value;
    this.#inputs.push(made);
    return made;
  }

  /** What stands below the choices. */
  rest(): readonly Child[] {
    const { asking } = this.frame;
    const refusal =
      asking.item.sensitive && choiceRow(this.refusal(), "refuse", asking.words.questions.refuse, asking.words.code);
    this.#show();
    return [refusal, !asking.item.required && !asking.item.sensitive && this.#clear];
  }

  refusal(given: Record<string, string> = {}): HTMLInputElement {
    const { asking } = this.frame;
    const made = el("input", {
      ...given,
      type: "radio",
      name: this.frame.id("answer"),
      id: this.frame.id("refuse"),
      onchange: () => asking.take(null, true),
    });
    made.checked = asking.refused();
    return made;
  }

  #cleared(): void {
    const { asking } = this.frame;
    asking.take(null);
    for (const input of this.#inputs) input.checked = false;
    this.#show();
    focusOn(this.#inputs[0]);
    asking.say(asking.words.questions.cleared);
  }

  #show(): void {
    this.#clear.classList.toggle("absent", this.frame.asking.answer() === null);
  }
}
