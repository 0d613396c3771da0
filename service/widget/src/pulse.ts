// <pouls-pulse>: a person answers a wave.
//
// Attributes: `wave` (its address); `api` (where the service is; else where the script came from, and a page that knows
// neither shows nothing); `language` (else the page's, else the browser's); `theme` ("light" or "dark"; else the
// person's); `kiosk` (codes are typed, and everything is dropped after each person); `from` ("fragment", "message", or
// both: where a code may come from, beside `start`); `origins` (whose messages are taken, beside those of this origin).
// All but `theme` are read when the element comes into a page.
// `start(code)` gives a code, the first one or a new one. It is kept in this object alone.
// Events: `pouls:ready`, `pouls:done`, `pouls:expired` and `pouls:stopped` (its detail: a reason, never an answer).

import { Api } from "./api";
import { type Arrival, arriving } from "./arriving";
import { Flow, type Happening } from "./flow";
import { Kiosk } from "./kiosk";
import { native } from "./native";
import { stop } from "./screens/told";
import { servedFrom } from "./served";
import { Stage } from "./stage";
import { sheets } from "./style";

/** How long a page may take to hand over a code before it is told that there is none. */
const PATIENCE_MS = 10_000;
/** What is typed, pressed and looked at is nobody's but this element's: it does not rise to the page around. */
const KEPT_INSIDE = [
  "beforeinput",
  "input",
  "keydown",
  "keypress",
  "keyup",
  "compositionstart",
  "compositionupdate",
  "compositionend",
  "cut",
  "copy",
  "paste",
  "click",
  "dblclick",
  "auxclick",
  "contextmenu",
  "pointerdown",
  "pointerup",
  "pointermove",
  "pointerover",
  "pointerout",
  "mousedown",
  "mouseup",
  "mousemove",
  "mouseover",
  "mouseout",
  "touchstart",
  "touchmove",
  "touchend",
  "focusin",
  "focusout",
];

export class PoulsPulse extends HTMLElement {
  readonly #root: ShadowRoot;
  #stage: Stage | null = null;
  #flow: Flow | null = null;
  #kiosk: Kiosk | null = null;
  #arrival: Arrival | null = null;
  #timer = 0;
  /** A code that came before the element was in a page. */
  #early: string | null = null;

  constructor() {
    super();
    this.#root = native.closedRoot(this);
    this.#root.adoptedStyleSheets = sheets();
    for (const type of KEPT_INSIDE) {
      native.listen(this.#root, type, (event) => event.stopPropagation(), { passive: true });
    }
  }

  /** Answers that were begun stay, and are sent with this code. */
  start(code: string): void {
    if (this.#flow === null) this.#early = code;
    else this.#take(code);
  }

  connectedCallback(): void {
    if (this.#stage !== null) return; // moved within the page
    const stage = new Stage(this.#root, this.#language(), (height) => this.#arrival?.tell("height", { height }));
    this.#stage = stage;
    const base = this.getAttribute("api") || servedFrom;
    if (base === null) {
      stage.show(stop(stage, { reason: "no_service" }));
      this.#dispatch("stopped", "no-service");
      return;
    }
    const api = new Api(base, this.getAttribute("wave") ?? "");
    if (this.hasAttribute("kiosk")) {
      this.#kiosk = new Kiosk(
        stage,
        () => this.#flow as Flow,
        () => this.#restart(api),
      );
    }
    this.#flow = this.#newFlow(stage, api);
    const from = words(this.getAttribute("from"));
    const origins = words(this.getAttribute("origins"));
    this.#arrival = this.#kiosk
      ? arriving(["fragment"], origins, () => undefined)
      : arriving(from, origins, (code) => this.#take(code));
    this.#arrival.tell("ready");
    stage.tellAgain();
    this.#dispatch("ready");
    if (this.#early !== null) this.#take(this.#early);
    this.#early = null;
    if (this.#flow.isWaiting) {
      const isComing = from.length === 0 || (from.includes("message") && window.parent !== window);
      this.#flow.wait(isComing);
      if (isComing && !this.#kiosk) this.#timer = native.setTimeout(() => this.#flow?.wait(false), PATIENCE_MS);
    }
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#end();
    });
  }

  #take(code: string): void {
    if (typeof code !== "string" || code === "") return;
    native.clearTimeout(this.#timer);
    this.#flow?.take(code);
  }

  #newFlow(stage: Stage, api: Api): Flow {
    return new Flow({
      stage,
      api,
      isKiosk: this.#kiosk !== null,
      leave: () => this.#kiosk?.leave() ?? document.createElement("div"),
      tell: (what, reason) => this.#tell(what, reason),
    });
  }

  #tell(what: Happening, reason?: string): void {
    if (what !== "stopped") this.#arrival?.tell(what);
    this.#dispatch(what, reason);
  }

  #dispatch(what: Happening | "ready", reason?: string): void {
    const detail = reason === undefined ? {} : { reason };
    this.dispatchEvent(new CustomEvent(`pouls:${what}`, { bubbles: true, composed: true, detail }));
  }

  /** At a kiosk: nothing of the last person is left. */
  #restart(api: Api): void {
    const stage = this.#stage;
    if (stage === null) return;
    this.#flow?.end();
    stage.clear();
    stage.speak(this.#language());
    this.#kiosk?.restart();
    this.#flow = this.#newFlow(stage, api);
    this.#flow.wait(true);
    this.scrollIntoView({ block: "nearest" });
  }

  #end(): void {
    native.clearTimeout(this.#timer);
    this.#arrival?.stop();
    this.#kiosk?.end();
    this.#flow?.end();
    this.#stage?.end();
    this.#root.replaceChildren();
    this.#stage = this.#flow = this.#kiosk = this.#arrival = null;
  }

  #language(): string {
    return this.getAttribute("language") || document.documentElement.lang || navigator.language || "en";
  }
}

function words(text: string | null): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
