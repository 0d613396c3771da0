// What the card says of a unit's results. Every figure is one that the service sent: nothing is calculated here.

import type { Bound, Change, Point, Series, Shares, Trend } from "./result_model";
import { put, resultWords, type ResultWords } from "./words/result";

/** What a card shows of each wave: the mean, or, of what has none, the eNPS or the favourable share. */
type Figure = "mean" | "enps" | "favourable";

export interface Mark {
  readonly wave: number;
  /** Null where no figure is shown. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly label: string;
  readonly figure: string;
  readonly released: string;
  readonly interval: string;
}

export interface Told {
  readonly name: string;
  /** What the name is in; null where that is not known, or the card's own. */
  readonly nameLanguage: string | null;
  readonly unit: string;
  readonly released: string;
  /** Null where none is shown; then `reason` says why. */
  readonly figure: string | null;
  readonly reason: string;
  /** What the figure lies between; empty where that is not known. */
  readonly scale: string;
  readonly more: readonly string[];
  readonly change: string;
  readonly marks: readonly Mark[];
  readonly ends: readonly [number, number] | null;
  readonly hasIntervals: boolean;
  readonly summary: string;
}

const KINDS = ["index", "scale", "item"] as const;
const SIGNS = { at_least: "≥\u00a0", at_most: "≤\u00a0" } as const;
const ENPS_ENDS = [-100, 100] as const;
const SHARE_ENDS = [0, 100] as const;

/**
 * The series asked for. Without a measure's name the first index, else the first scale, else the first item: the
 * service sends what the latest wave asked first, and that in the order of its questionnaire.
 */
export function chosen(trend: Trend, measure: string | null): Series | null {
  const found = trend.series.filter((one) => one.points.length > 0);
  if (measure !== null) return found.find((one) => one.measure === measure) ?? null;
  for (const kind of KINDS) {
    const first = found.find((one) => one.kind === kind);
    if (first !== undefined) return first;
  }
  return null;
}

/** `label`: what the page calls the measure; null where the service's own words are to do. */
export function told(series: Series, language: string, label: string | null): Told {
  const words = resultWords(language);
  const latest = series.points[series.points.length - 1] as Point;
  const figure = figureOf(series);
  const { name, nameLanguage } = label === null ? nameOf(series, language) : { name: label, nameLanguage: null };
  const locale = language.split("-")[0] === words.language ? language : words.language;
  const marks = series.points.map((point) => markOf(point, figure, words, locale));
  const said = marks.map((mark) => put(words.named, { name: mark.label, value: mark.figure }));
  const shown = marks[marks.length - 1]?.value === null ? null : textOf(latest, figure, words);
  return {
    name,
    nameLanguage,
    unit: series.unit_name,
    released: put(words.released, {
      date: dateOf(latest.released_at, locale, "long"),
      wave: String(latest.wave_number),
    }),
    figure: shown,
    reason: reasonOf(latest, figure, words),
    scale: shown === null ? "" : scaleOf(series, figure, words),
    more: moreOf(latest, figure, words),
    change: shown === null ? "" : changeOf(latest, words),
    marks,
    ends: endsOf(series, figure),
    hasIntervals: marks.some((mark) => mark.low !== null),
    summary: said.join(words.between),
  };
}

function figureOf(series: Series): Figure {
  if (series.points.some((point) => point.mean !== null)) return "mean";
  if (series.points.some((point) => valueOf(point, "enps") !== null)) return "enps";
  return series.points.some((point) => valueOf(point, "favourable") !== null) ? "favourable" : "mean";
}

function cellOf(point: Point, figure: Figure): Point | Shares | null {
  return figure === "mean" ? point : point.shares;
}

/** Of a withheld cell nothing, whatever it may hold. */
function valueOf(point: Point, figure: Figure): number | null {
  if (cellOf(point, figure)?.status !== "published") return null;
  return figure === "mean" ? point.mean : (point.shares?.[figure] ?? null);
}

function boundOf(point: Point, figure: Figure): Bound {
  return figure === "mean" ? point.mean_bound : (point.shares?.[`${figure}_bound`] ?? null);
}

function textOf(point: Point, figure: Figure, words: ResultWords): string | null {
  const value = valueOf(point, figure);
  if (value === null) return null;
  const bound = boundOf(point, figure);
  const number = numberOf(value, words);
  const text = figure === "favourable" ? put(words.percent, { value: number }) : number;
  return bound === null ? text : SIGNS[bound] + text;
}

function markOf(point: Point, figure: Figure, words: ResultWords, locale: string): Mark {
  const text = textOf(point, figure, words);
  const [low, high] = figure === "mean" && text !== null ? [point.low, point.high] : [null, null];
  const isSpan = low !== null && high !== null;
  return {
    wave: point.wave_number,
    value: valueOf(point, figure),
    low: isSpan ? low : null,
    high: isSpan ? high : null,
    label: put(words.wave, { number: String(point.wave_number) }),
    figure: text ?? (cellOf(point, figure)?.status === "published" ? words.none : words.hidden),
    released: dateOf(point.released_at, locale, "medium"),
    interval: isSpan ? put(words.to, { low: numberOf(low, words), high: numberOf(high, words) }) : words.none,
  };
}

function reasonOf(point: Point, figure: Figure, words: ResultWords): string {
  const cell = cellOf(point, figure);
  return cell?.status === "withheld" && cell.reason === "protected" ? words.isProtected : words.isNotPublished;
}

function scaleOf(series: Series, figure: Figure, words: ResultWords): string {
  if (figure !== "mean") return words[figure];
  const ends = endsOf(series, figure);
  if (ends === null) return "";
  return put(words.onScale, { lowest: numberOf(ends[0], words), highest: numberOf(ends[1], words) });
}

function endsOf(series: Series, figure: Figure): readonly [number, number] | null {
  if (figure === "enps") return ENPS_ENDS;
  if (figure === "favourable") return SHARE_ENDS;
  const { lowest, highest } = series;
  return lowest === null || highest === null ? null : [lowest, highest];
}

function moreOf(point: Point, figure: Figure, words: ResultWords): readonly string[] {
  const cell = cellOf(point, figure);
  const more: string[] = [];
  for (const [name, label] of [["enps", words.enps], ["favourable", words.favourable]] as const) {
    const value = name === figure ? null : textOf(point, name, words);
    if (value !== null) more.push(put(words.named, { name: label, value }));
  }
  if (cell?.status !== "published" || cell.n_from === null || cell.n_to === null) return more;
  const [low, high] = [String(cell.n_from), String(cell.n_to)];
  return [...more, put(low === high ? words.peopleExactly : words.peopleBetween, { n: low, low, high })];
}

function changeOf(point: Point, words: ResultWords): string {
  if (point.change !== null) return changeTold(point.change, words);
  return point.no_change === null ? "" : words.unchangedBecause[point.no_change];
}

function changeTold(change: Change, words: ResultWords): string {
  const { difference, low, high } = change;
  const said = { wave: String(change.since_wave), size: numberOf(Math.abs(difference), words) };
  if (low === null || high === null) {
    if (difference === 0) return put(words.same, said);
    return put(difference > 0 ? words.higherPerhaps : words.lowerPerhaps, said);
  }
  const span = {
    ...said,
    difference: signed(difference, words),
    low: signed(low, words),
    high: signed(high, words),
  };
  if (low <= 0 && high >= 0) return put(words.noChange, span);
  return put(difference > 0 ? words.higher : words.lower, span);
}

function nameOf(series: Series, language: string): { name: string; nameLanguage: string | null } {
  const texts = new Map(Object.entries(series.text ?? {}));
  const base = language.split("-")[0] ?? language;
  const tags = [...texts.keys()].sort();
  const wanted = [language, base, ...tags.filter((tag) => tag.split("-")[0] === base), "en", ...tags];
  for (const tag of wanted) {
    const name = texts.get(tag);
    if (name !== undefined) return { name, nameLanguage: tag };
  }
  return { name: series.measure.replace(/_/g, " "), nameLanguage: null };
}

/** Its digits, no more and no fewer, with the language's signs. */
export function numberOf(value: number, words: ResultWords): string {
  return String(value).replace(".", words.decimal).replace("-", "\u2212");
}

function signed(value: number, words: ResultWords): string {
  return (value > 0 ? "+" : "") + numberOf(value, words);
}

function dateOf(moment: string, locale: string, style: "long" | "medium"): string {
  const date = new Date(moment);
  try {
    return new Intl.DateTimeFormat(locale, { dateStyle: style }).format(date);
  } catch {
    return new Intl.DateTimeFormat("en", { dateStyle: style }).format(date); // the page gave what is no language
  }
}
