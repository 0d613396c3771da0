// A new link, pasted where the old one has expired: opened, it might be another page, without the answers.

import { codeIn } from "../arriving";
import { el, fill, focusOn, icon, ICONS, set } from "../dom";
import { button, onEnter, type Stage } from "../stage";

/** `isAgain`: a new one was given, and is not taken either. */
export function newLink(stage: Stage, isAgain: boolean, take: (code: string) => boolean): HTMLElement {
  const words = stage.words.link;
  const fault = el("p", { class: "fault", id: "link-fault", hidden: true });
  const field = el("input", {
    type: "text",
    id: "link-field",
    inputmode: "url",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": "link-fault",
    dir: "ltr",
  });
  if (isAgain) complain(words.refused);
  return el(
    "div",
    { class: "link", onkeydown: onEnter(submit) },
    el("label", { class: "ask", for: "link-field" }, words.field),
    field,
    fault,
    el("div", { class: "actions" }, button("main", words.go, submit)),
  );

  function submit(): void {
    const code = codeIn(field.value);
    const wrong = code === null ? words.none : !take(code) && words.other;
    if (!wrong) return;
    complain(wrong);
    focusOn(field);
    stage.say(wrong);
  }

  function complain(wrong: string): void {
    fault.hidden = false;
    fill(fault, icon(ICONS.alert), wrong);
    set(field, "aria-invalid", "true");
  }
}
