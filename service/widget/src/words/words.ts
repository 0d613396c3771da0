// Which words go with a language, and which way it is written.

import { ENGLISH } from "./en";
import { FRENCH } from "./fr";

export type Words = typeof ENGLISH;
export type StopReason = keyof Words["stops"];

const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|ks|ku-arab|ps|sd|ug|ur|yi)\b/i;

/** French for whoever reads French, else English, as the service's own sentences. */
export function wordsOf(language: string): Words {
  return language.split("-")[0]?.toLowerCase() === FRENCH.code ? FRENCH : ENGLISH;
}

export function directionOf(language: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr";
}

/** A language by its own name, such as “français”; its code where the browser does not know it. */
export function nameOf(language: string): string {
  try {
    const name = new Intl.DisplayNames([language], { type: "language", fallback: "code" }).of(language) ?? language;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return language;
  }
}

/** A moment in this person's own time zone. */
export function moment(iso: string, words: Words): string {
  return new Intl.DateTimeFormat(words.tag, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
  }).format(new Date(iso));
}
