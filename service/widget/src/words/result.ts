// What the card says, by language; what stands in braces is filled in.

import type { Point } from "../result_model";
import { english } from "./result_en";
import { french } from "./result_fr";

export interface ResultWords {
  /** The language that these words are in. */
  readonly language: string;
  readonly noToken: string;
  readonly loading: string;
  readonly nothing: string;
  readonly expired: string;
  readonly unreachable: string;
  readonly tryAgain: string;
  readonly wrong: string;
  readonly released: string;
  readonly onScale: string;
  readonly enps: string;
  readonly favourable: string;
  readonly peopleBetween: string;
  readonly peopleExactly: string;
  readonly withheld: string;
  readonly isProtected: string;
  readonly isNotPublished: string;
  readonly higher: string;
  readonly lower: string;
  readonly noChange: string;
  readonly same: string;
  readonly higherPerhaps: string;
  readonly lowerPerhaps: string;
  readonly unchangedBecause: Readonly<Record<NonNullable<Point["no_change"]>, string>>;
  readonly chart: string;
  readonly chartNote: string;
  readonly table: string;
  readonly columns: Readonly<Record<"wave" | "released" | "figure" | "interval", string>>;
  readonly wave: string;
  readonly hidden: string;
  readonly none: string;
  readonly to: string;
  readonly named: string;
  readonly between: string;
  readonly percent: string;
  readonly decimal: string;
}

/** French for French, else English. */
export function resultWords(language: string): ResultWords {
  return /^fr\b/i.test(language) ? french : english;
}

export function put(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
