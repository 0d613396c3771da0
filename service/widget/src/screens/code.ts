// At a kiosk: the short code on somebody's card, typed.

import { el, fill, focusOn, icon, ICONS, set } from "../dom";
import { button, onEnter, type Screen, type Stage } from "../stage";

export type CodeFault = "empty" | "mistyped" | "refused" | "other" | "tooMany" | "unreachable";

const GROUP = 4;

/**
 * `take` gives what is wrong with what was typed; null where one goes on. `isKept`: answers wait for this code;
 * `wrong`: what was wrong with the one before.
 */
export function code(
  stage: Stage,
  isKept: boolean,
  wrong: CodeFault | null,
  take: (typed: string) => Promise<CodeFault | null>,
): Screen {
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
  show(wrong);
  return { node, heading, left: empty, unused: empty };

  function empty(): void {
    field.value = "";
    show(null);
  }

  /** In groups of four while it is typed at the end; somebody who mends the middle is left alone. */
  function grouped(): void {
    if (field.selectionStart !== field.value.length) return;
    const symbols = field.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    const ended = field.value.endsWith("-") && symbols.length % GROUP === 0 ? "-" : "";
    field.value = (symbols.match(/.{1,4}/g) ?? []).join("-") + (symbols ? ended : "");
  }

  async function submit(): Promise<void> {
    if (isBusy) return;
    show(null);
    const typed = field.value.trim();
    if (typed === "") {
      complain("empty");
      return;
    }
    isBusy = true;
    set(go, "aria-disabled", "true");
    fill(go, words.going);
    stage.say(words.going);
    const found = await take(typed);
    isBusy = false;
    set(go, "aria-disabled", null);
    fill(go, words.go);
    if (found) complain(found);
  }

  function complain(found: CodeFault): void {
    show(found);
    focusOn(field);
    stage.say(words[found]);
  }

  function show(found: CodeFault | null): void {
    fault.hidden = found === null;
    fill(fault, found && icon(ICONS.alert), found && words[found]);
    set(field, "aria-invalid", found && "true");
  }
}
