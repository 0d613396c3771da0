// What a person types or pastes, made into what the service takes.

import { native } from "./native";

// A line may end in other ways than by a line feed. The other controls of ASCII, but tab, nobody typed on purpose.
const LINE_ENDS = /\r\n?|[\v\f]/g;
const CONTROLS = /[\0-\x08\x0e-\x1f]/g;
const HALF_PAIRS = /\p{Surrogate}/gu;
const WORDLESS = /^[\s\x85]*$/;
const SPACES = /[\s\u2019']/g;
const MINUS = /\u2212/g;
const ARABIC = /[\u0660-\u0669\u06f0-\u06f9]/g;
const LATIN: Readonly<Record<string, string>> = Object.fromEntries(
  [..."٠١٢٣٤٥٦٧٨٩", ..."۰۱۲۳۴۵۶۷۸۹"].map((digit, at) => [digit, `${at % 10}`]),
);
const WHOLE = /^[+-]?\d{1,9}$/;

/** A text as it is sent. */
export function plain(typed: string): string {
  const lines = native.replace(typed, LINE_ENDS, "\n");
  return native.replace(native.replace(lines, CONTROLS, ""), HALF_PAIRS, "\ufffd");
}

/** How long a text counts as: in characters of Unicode, whatever room they take. */
export function lengthOf(typed: string): number {
  const sent = plain(typed);
  let length = 0;
  for (let at = 0; at < sent.length; at += 1) if (!isSecondOfPair(sent[at] as string)) length += 1;
  return length;
}

function isSecondOfPair(unit: string): boolean {
  return unit >= "\udc00" && unit <= "\udfff";
}

/** Whether a text says nothing. */
export function isBlank(typed: string): boolean {
  return native.match(plain(typed), WORDLESS) !== null;
}

/** The whole number that was typed; null for nothing; the text itself, which is a fault, for what is none. */
export function numberIn(typed: string): number | string | null {
  const signed = native.replace(native.replace(typed, SPACES, ""), MINUS, "-");
  const digits = native.replace(signed, ARABIC, (digit) => LATIN[digit] as string);
  if (digits === "") return null;
  return native.match(digits, WHOLE) ? +digits : typed;
}
