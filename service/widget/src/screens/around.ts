// What stands around the screens: the languages above, and below, someone to talk to.

import { el } from "../dom";
import type { Contact, Told } from "../model";
import type { Stage } from "../stage";
import { directionOf, nameOf } from "../words/words";

/** The languages of the questionnaire, to choose from; null where there is one. */
export function languages(stage: Stage, told: Told, choose: (language: string) => void): HTMLElement | null {
  const offered = told.questionnaire.languages;
  if (offered.length < 2) return null;
  const buttons = offered.map((language) =>
    el(
      "button",
      {
        type: "button",
        class: "quiet",
        id: `language-${language}`,
        lang: language,
        dir: directionOf(language),
        "aria-current": language === told.questionnaire.language && "true",
        onclick: () => choose(language),
      },
      nameOf(language),
    ),
  );
  return el("div", { class: "languages", role: "group", "aria-label": stage.words.language }, ...buttons);
}

/**
 * Opening it asks nobody for anything: who looks for help is nobody's business. At a kiosk nothing leads out of it,
 * where the next person would see what this one looked for.
 */
export function support(stage: Stage, contacts: readonly Contact[], isKiosk: boolean): HTMLElement | null {
  if (contacts.length === 0) return null;
  const { words, said } = stage;
  return el(
    "details",
    { class: "support" },
    el("summary", {}, words.support.title),
    el("ul", { lang: said }, ...contacts.map((contact) => one(stage, contact, isKiosk))),
  );
}

function one(stage: Stage, { name, detail, phone, url }: Contact, isKiosk: boolean): HTMLElement {
  const { words } = stage;
  const links = el("p", { class: "reach" });
  const shown = url?.replace(/^https:\/\/(www\.)?/, "").replace(/\/$/, "");
  if (isKiosk) {
    const texts = [phone, shown].filter((text) => text);
    links.append(...texts.map((text) => el("span", { dir: "ltr" }, text)));
    return el("li", {}, el("strong", {}, name), el("p", {}, detail), links);
  }
  if (phone) links.append(el("a", { href: `tel:${phone.replace(/[^+\d]/g, "")}`, dir: "ltr" }, phone));
  if (url) {
    const newTab = el("span", { lang: words.code, class: "heard" }, ` (${words.support.newTab})`);
    links.append(el("a", { href: url, target: "_blank", rel: "noreferrer noopener", dir: "ltr" }, shown, newTab));
  }
  return el("li", {}, el("strong", {}, name), el("p", {}, detail), (phone || url) && links);
}

/** A short pause that shows only where it is not short. */
export function waiting(stage: Stage, text: string): { node: HTMLElement; heading: HTMLElement } {
  const heading = stage.heading(text);
  return {
    node: el("div", { class: "waiting" }, el("span", { class: "pulse", "aria-hidden": "true" }), heading),
    heading,
  };
}
