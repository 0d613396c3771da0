// How a code comes to the widget (by the address's fragment, or by a message of the page around the frame), and what
// that page is told. A code is taken out of the address at once, and is told to nobody.

import { native } from "./native";

export interface Arrival {
  tell(type: "ready" | "height" | "done" | "expired", more?: { readonly height: number }): void;
  stop(): void;
}

const CODE = /^[A-Za-z0-9_-]{60,200}$/;
/** The end of a link, or a code by itself, as somebody pastes it. */
const PASTED = /(?:^|#)([A-Za-z0-9_-]{60,200})$/;
const FRAGMENT = /^#([A-Za-z0-9_-]{60,200})$/;
const SPACES = /\s/g;

/**
 * `from`: "fragment" and "message", the ways that are listened to; `origins`: whose messages are taken, beside those of
 * the page's own origin. `take` is called with each code, for the first time perhaps before this returns.
 */
export function arriving(
  from: readonly string[],
  origins: readonly string[],
  take: (code: string) => void,
): Arrival {
  // "null" is the origin of many pages that have nothing in common.
  const trusted = (origin: string): boolean =>
    origin !== "null" && (origin === location.origin || origins.includes(origin));
  const ends: (() => void)[] = [];

  if (from.includes("fragment")) {
    const look = (): void => {
      const code = fragmentCode();
      if (code !== null) take(code);
    };
    ends.push(native.listen(window, "hashchange", look));
    look();
  }
  if (from.includes("message") && window.parent !== window) {
    const hear = (event: Event): void => {
      const { source, origin, data } = event as MessageEvent<unknown>;
      if (source !== window.parent || !trusted(origin)) return;
      const code = messageCode(data);
      if (code !== null) take(code);
    };
    ends.push(native.listen(window, "message", hear));
  }
  const host = hostOrigin();
  return {
    tell: (type, more) => {
      if (host !== null && trusted(host)) window.parent.postMessage({ type: `pouls:${type}`, ...more }, host);
    },
    stop: () => ends.splice(0).forEach((end) => end()),
  };
}

/** Whatever stands there goes: what is no code may be one with a mistake in it. */
function fragmentCode(): string | null {
  const { hash, pathname, search } = location;
  if (hash !== "") history.replaceState(history.state, "", pathname + search);
  return native.match(hash, FRAGMENT)?.[1] ?? null;
}

/** The code of a link that somebody has pasted; null where there is none. */
export function codeIn(pasted: string): string | null {
  return native.match(native.replace(pasted, SPACES, ""), PASTED)?.[1] ?? null;
}

function messageCode(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const { type, code } = data as { readonly type?: unknown; readonly code?: unknown };
  return type === "pouls:code" && typeof code === "string" && native.match(code, CODE) ? code : null;
}

/** The origin of the page that holds the frame, as far as the browser tells; null where this is no frame. */
function hostOrigin(): string | null {
  if (window.parent === window) return null;
  const above = location.ancestorOrigins?.[0];
  if (above !== undefined) return above;
  try {
    return new native.URL(document.referrer).origin;
  } catch {
    return null;
  }
}
