// One request to the service, and what became of it.

import { native } from "./native";

export type Problem = {
  readonly kind: "problem";
  /** Empty where these are not the service's own words. */
  readonly slug: string;
  readonly status: number;
  readonly retryAfter_s: number | null;
  readonly pointers: readonly string[];
  readonly detail: string | null;
};

/** `unsent`: the service said that it took nothing; `unknown`: it may have arrived. */
export type Refusal =
  | Problem
  | { readonly kind: "unsent" | "unknown"; readonly retryAfter_s?: number | null };

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export interface Asking {
  /** Sent as JSON in a POST; without it, a GET. */
  readonly body?: unknown;
  readonly token?: string;
  /** Whether a reply that the browser has kept will do. */
  readonly kept?: boolean;
}

const LIMIT_MS = 20_000;
const OURS = /^urn:pouls:problem:([a-z0-9-]+)$/;

/** Sends one request. Never throws: an error of the network would name the address, and consoles are read. */
export async function ask(url: string, asking: Asking = {}): Promise<Reply<unknown>> {
  const controller = new native.AbortController();
  const timer = native.setTimeout(() => controller.abort(), LIMIT_MS);
  try {
    const response = await native.fetch(url, initOf(asking), controller.signal);
    const text = await native.text(response);
    if (!response.ok) return { ok: false, refusal: problemOf(response, text) };
    return { ok: true, value: native.parse(text) };
  } catch {
    return { ok: false, refusal: { kind: "unknown" } }; // it may have left before the line went
  } finally {
    native.clearTimeout(timer);
  }
}

function initOf({ body, token, kept = false }: Asking): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return {
    method: body === undefined ? "GET" : "POST",
    headers,
    ...(body === undefined ? {} : { body: native.stringify(body) }),
    mode: "cors",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    redirect: "error",
    cache: kept ? "default" : "no-store",
  };
}

function problemOf(response: Response, text: string): Problem {
  const told = objectIn(text);
  const type = typeof told.type === "string" ? told.type : "";
  const errors = Array.isArray(told.errors) ? told.errors : [];
  return {
    kind: "problem",
    slug: OURS.exec(type)?.[1] ?? "",
    status: response.status,
    retryAfter_s: secondsIn(response.headers.get("Retry-After")),
    pointers: errors.map((one) => one?.pointer).filter((pointer) => typeof pointer === "string"),
    detail: typeof told.detail === "string" ? told.detail : null,
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = native.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // a machine in between has answered, with a page of its own
  }
}

/** Of a Retry-After, which is a number of seconds or a date. */
function secondsIn(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, Math.ceil((until - native.now()) / 1000));
}
