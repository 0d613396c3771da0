// What the service sends of a unit's results: only what was released. A withheld figure has a reason and no number.

export type Bound = "at_least" | "at_most" | null;

interface Cell {
  readonly status: "published" | "withheld";
  readonly reason: string | null;
  readonly n_from: number | null;
  readonly n_to: number | null;
}

export interface Shares extends Cell {
  readonly favourable: number | null;
  readonly favourable_bound: Bound;
  readonly enps: number | null;
  readonly enps_bound: Bound;
}

export interface Change {
  readonly since_wave: number;
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Point extends Cell {
  readonly wave_number: number;
  readonly released_at: string;
  readonly mean: number | null;
  readonly mean_bound: Bound;
  readonly low: number | null;
  readonly high: number | null;
  readonly shares: Shares | null;
  readonly change: Change | null;
  readonly no_change: "first" | "withheld" | "not_comparable" | "no_mean" | null;
}

export interface Series {
  readonly unit_name: string;
  readonly measure: string;
  readonly kind: "item" | "scale" | "index";
  /** By language, as the latest wave asked it; null where there are no words. */
  readonly text: Readonly<Record<string, string>> | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly points: readonly Point[];
}

/** The reply to GET /v1/aggregates/trend. */
export interface Trend {
  readonly series: readonly Series[];
}
