// <pouls-pulse>: a person answers a wave.
//
// Attributes: `wave` (its address); `api` (where the service is; else where the script came from); `language`; `theme`
// ("light" or "dark"); `kiosk` (codes are typed, and everything is dropped after each person); `from` ("fragment",
// "message": where a code may come from, beside `start`); `origins` (whose messages are taken).
// `start(code)` gives a code, the first one or a new one. It is kept in this object alone.
// Events: `pouls:ready`, `pouls:done`, `pouls:expired` and `pouls:stopped` (its detail: a reason, never an answer).

import { Api } from "./api";
import { type Arrival, arriving } from "./arriving";
import { Flow, type Happening } from "./flow";
import { Kiosk } from "./kiosk";
import { native } from "./native";
import { servedFrom } from "./served";
import { Stage } from "./stage";
import { sheets } from "./style";

/** How long a page may take to hand over a code before it is told that there is none. */
const PATIENCE_MS = 10_000;
/** What is typed is nobody's but this element's: it does not rise to the page around. */
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
    this.#root = this.attachShadow({ mode: "closed" });
    this.#root.adoptedStyleSheets = sheets();
    for (const type of KEPT_INSIDE) native.listen(this.#root, type, (event) => event.stopPropagation());
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
    if (this.hasAttribute("kiosk")) {
      this.#kiosk = new Kiosk(
        stage,
        () => this.#flow as Flow,
        () => this.#restart(),
      );
    }
    this.#flow = this.#newFlow(stage);
    const from = words(this.getAttribute("from"));
    this.#arrival = arriving(from, words(this.getAttribute("origins")), (code) => this.#take(code));
    this.#arrival.tell("ready");
    this.#dispatch("ready");
    if (this.#early !== null) this.#take(this.#early);
    this.#early = null;
    if (this.#flow.isWaiting) {
      const isComing = from.length !== 1 || from[0] !== "fragment";
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

  #newFlow(stage: Stage): Flow {
    const api = new Api(this.getAttribute("api") ?? servedFrom ?? location.origin, this.getAttribute("wave") ?? "");
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
  #restart(): void {
    const stage = this.#stage;
    if (stage === null) return;
    this.#flow?.end();
    stage.clear();
    stage.speak(this.#language());
    this.#kiosk?.restart();
    this.#flow = this.#newFlow(stage);
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
