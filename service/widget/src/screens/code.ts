// At a kiosk: the short code on somebody's card, typed.

import { el, fill, ICONS, icon, set } from "../dom";
import { button, onEnter, type Screen, type Stage } from "../stage";

export type CodeFault = "empty" | "mistyped" | "refused" | "tooMany" | "unreachable";

const GROUP = 4;

/** `take` gives what is wrong with what was typed; null where one goes on. `isKept`: answers wait for this code. */
export function code(stage: Stage, isKept: boolean, take: (typed: string) => Promise<CodeFault | null>): Screen {
  const words = stage.words.kiosk;
  const heading = stage.heading(isKept ? words.titleKept : words.title);
  const fault = el("p", { class: "fault", id: "code-fault", hidden: true });
  const field = el("input", {
    type: "text",
    id: "code-field",
    class: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    autocorrect: "off",
    spellcheck: "false",
    "aria-describedby": "code-hint code-fault",
    dir: "ltr",
    oninput: grouped,
  });
  const go = button("main", words.go, () => void submit());
  let isBusy = false;
  const node = el(
    "div",
    { class: "kiosk", onkeydown: onEnter(() => void submit()) },
    heading,
    isKept && el("p", {}, words.textKept),
    el("label", { class: "ask", for: "code-field" }, words.field),
    el("p", { class: "hint", id: "code-hint" }, words.text),
    field,
    fault,
    el("div", { class: "actions" }, go),
  );
  return { node, heading, left: () => (field.value = "") };

  /** In groups of four while it is typed at the end; somebody who mends the middle is left alone. */
  function grouped(): void {
    if (field.selectionStart !== field.value.length) return;
    const symbols = field.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    const ended = field.value.endsWith("-") && symbols.length % GROUP === 0 ? "-" : "";
    field.value = (symbols.match(/.{1,4}/g) ?? []).join("-") + (symbols ? ended : "");
  }

  async function submit(): Promise<void> {
    if (isBusy) return;
    complain(null);
    const typed = field.value.trim();
    if (typed === "") {
      complain("empty");
      return;
    }
    isBusy = true;
    set(go, "aria-disabled", "true");
    fill(go, words.going);
    stage.say(words.going);
    const wrong = await take(typed);
    isBusy = false;
    set(go, "aria-disabled", null);
    fill(go, words.go);
    if (wrong) complain(wrong);
  }

  function complain(wrong: CodeFault | null): void {
    fault.hidden = wrong === null;
    fill(fault, wrong && icon(ICONS.alert), wrong && words[wrong]);
    set(field, "aria-invalid", wrong && "true");
    if (wrong === null) return;
    field.focus();
    stage.say(words[wrong]);
  }
}
