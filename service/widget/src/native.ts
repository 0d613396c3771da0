// What the page around the widget could replace later, taken when the script is evaluated. It keeps codes and answers
// from scripts that look on: loggers, analytics, and monitoring that wraps fetch, XMLHttpRequest, the console, storage
// or JSON. It does not keep them from a script that sets out to read what somebody types or presses: keys and pointers
// pass through the page before they are here, and not every method is taken. Against that, only the frame helps.

const { apply, ownKeys } = Reflect;
const { create, defineProperty, freeze, hasOwn, setPrototypeOf } = Object;
const { isInteger } = Number;
const { exec } = RegExp.prototype;
const replaceIn = RegExp.prototype[Symbol.replace] as (...given: unknown[]) => string;
const { isArray } = Array;
const { parse, stringify } = JSON;
const { addEventListener, removeEventListener } = EventTarget.prototype;
const page = globalThis;
const fetched = page.fetch.bind(page);
const started = page.setTimeout.bind(page);
const cleared = page.clearTimeout.bind(page);
const random = page.crypto.getRandomValues.bind(page.crypto);
const encoded = page.btoa.bind(page);
const decoded = page.atob.bind(page);
const elapsed = page.performance.now.bind(page.performance);
const { now } = Date;
const readText = Response.prototype.text;
const attachShadow = page.Element?.prototype.attachShadow; // where there is a page

/** The same value without prototypes: nothing that a page puts on them (`toJSON`, a getter) is called with it. */
function bare<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const copy = isArray(value) ? setPrototypeOf([], null) : create(null);
  const names = ownKeys(value);
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as PropertyKey;
    if (name !== "length") copy[name] = bare((value as Record<PropertyKey, unknown>)[name]);
  }
  return copy;
}

export const native = freeze({
  fetch: (url: string, init: Omit<RequestInit, "signal">, signal: AbortSignal): Promise<Response> => {
    const given: RequestInit = bare(init);
    given.signal = signal;
    return fetched(url, given);
  },
  text: (response: Response): Promise<string> => apply(readText, response, []),
  parse: (text: string): unknown => parse(text),
  stringify: (value: unknown): string => stringify(bare(value)),
  /** An object without anything. */
  nothing: <Value>(): Record<string, Value> => create(null),
  isInteger: (value: unknown): value is number => isInteger(value),
  /** Of a pattern without flags that remember where they were. */
  match: (text: string, pattern: RegExp): RegExpExecArray | null => apply(exec, pattern, [text]),
  replace: (text: string, pattern: RegExp, by: string | ((whole: string, part: string) => string)): string =>
    apply(replaceIn, defineProperty(pattern, "exec", bare({ value: exec })), [text, by]),
  closedRoot: (host: Element): ShadowRoot => apply(attachShadow, host, [bare({ mode: "closed" })]),
  /** Whether an object has a property itself; `constructor` is a name that an item may have. */
  own: (value: object, name: string): boolean => hasOwn(value, name),
  randomBytes: (count: number): Uint8Array => random(new Uint8Array(count)),
  base64: (bytes: string): string => encoded(bytes),
  bytes: (base64: string): string => decoded(base64),
  setTimeout: (run: () => void, milliseconds: number): number => started(run, milliseconds) as unknown as number,
  clearTimeout: (timer: number): void => cleared(timer),
  now: (): number => now(),
  /** Milliseconds since some moment, whatever becomes of the clock on the wall. */
  elapsed: (): number => elapsed(),
  URL: page.URL,
  AbortController: page.AbortController,
  /** False only where the browser is sure to be without any network. */
  online: (): boolean => page.navigator?.onLine !== false,
  /** Listens until the function that comes back is called. */
  listen: (
    target: EventTarget,
    type: string,
    heard: (event: Event) => void,
    options: { readonly capture?: boolean; readonly passive?: boolean } = {},
  ): (() => void) => {
    apply(addEventListener, target, [type, heard, bare(options)]);
    return () => apply(removeEventListener, target, [type, heard, bare(options)]);
  },
});
