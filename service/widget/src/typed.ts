// What a person types or pastes, made into what the service takes.

// A line may end in other ways than by a line feed. The other controls of ASCII, but tab, nobody typed on purpose.
const LINE_ENDS = /\r\n?|[\v\f]/g;
const CONTROLS = /[\0-\x08\x0e-\x1f]/g;
const HALF_PAIRS = /\p{Surrogate}/gu;
const WORDLESS = /^[\s\x85]*$/;
const ARABIC = /[\u0660-\u0669\u06f0-\u06f9]/g;
const WHOLE = /^[+-]?\d{1,9}$/;

/** A text as it is sent. */
export function plain(typed: string): string {
  return typed.replace(LINE_ENDS, "\n").replace(CONTROLS, "").replace(HALF_PAIRS, "\ufffd");
}

/** How long a text counts as: in characters of Unicode, whatever room they take. */
export function lengthOf(typed: string): number {
  let length = 0;
  for (const _ of plain(typed)) length += 1;
  return length;
}

/** Whether a text says nothing. */
export function isBlank(typed: string): boolean {
  return WORDLESS.test(plain(typed));
}

/** The whole number that was typed; null for nothing; the text itself, which is a fault, for what is none. */
export function numberIn(typed: string): number | string | null {
  const digits = typed.replace(/[\s\u2019']/g, "").replace("\u2212", "-").replace(ARABIC, latin);
  if (digits === "") return null;
  return WHOLE.test(digits) ? Number(digits) : typed;
}

function latin(digit: string): string {
  return String(digit.charCodeAt(0) & 15);
}
