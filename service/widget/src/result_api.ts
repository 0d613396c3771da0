// The card's one request.

import type { Trend } from "./result_model";
import { ask, type Reply } from "./wire";

export interface Wanted {
  readonly campaign: string;
  readonly unit: string | null;
  readonly measure: string | null;
  readonly waves: number;
}

export function trendOf(base: string, wanted: Wanted, token: string): Promise<Reply<Trend>> {
  const asked = Object.entries(wanted)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
  return ask(`${base.replace(/\/+$/, "")}/v1/aggregates/trend?${asked}`, { token }) as Promise<Reply<Trend>>;
}
