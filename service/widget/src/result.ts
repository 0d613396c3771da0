// <pouls-result>: the latest released figure of one unit, and how it went wave after wave.
//
// Attributes: `campaign` (its id); `api` (where the service is; else where the script came from); `unit` (external id;
// else the token's own); `measure` (id; else the first index, else the first scale, else the first item); `label` (what
// the page calls the measure); `language`; `theme`; `waves` (how many, 12 where absent).
// `use(token)` gives an access token of short life, of a key that reads one unit's aggregates and nothing else. It is
// kept in this object alone. Where it is not taken (any more), the event `pouls:expired` asks for another one; where
// the service refuses what is asked, or the page, `pouls:stopped` says which; both with `reason`, the problem's name.
// So it does where the page does not say what to ask ("no-campaign") or whom ("no-service"), or gave a key instead of a
// token ("no-token").

import { native } from "./native";
import { trendOf } from "./result_api";
import type { Trend } from "./result_model";
import { resultSheets } from "./result_style";
import { chosen, told } from "./result_told";
import { emptyCard, show, type View } from "./result_view";
import { servedFrom } from "./served";
import type { Refusal } from "./wire";
import { resultWords } from "./words/result";

const WAVES = 12;
/** What a key begins with, which lives long and has no place in a page. */
const KEY = "pouls_";
const ASKED_BY = ["api", "campaign", "unit", "measure", "waves"];
const SHOWN_BY = ["label", "language", "theme"];

type State =
  | { readonly name: "noToken" | "loading" | "nothing" | "expired" | "wrong" | "unreachable" }
  | { readonly name: "told"; readonly trend: Trend };

export class PoulsResult extends HTMLElement {
  static readonly observedAttributes = [...ASKED_BY, ...SHOWN_BY];

  readonly #root: ShadowRoot;
  readonly #card = emptyCard();
  #token: string | null = null;
  #state: State = { name: "noToken" };
  /** Counts what was asked: a reply to anything but the last is not looked at. */
  #asked = 0;
  #isDue = false;

  constructor() {
    super();
    this.#root = native.closedRoot(this);
    this.#root.adoptedStyleSheets = resultSheets();
    this.#root.append(this.#card.all);
  }

  /** Shows the result with this access token, the first one or a new one. */
  use(token: string): void {
    if (token.startsWith(KEY)) {
      this.#asked += 1;
      this.#token = null;
      this.#end("wrong", "stopped", "no-token");
      return;
    }
    this.#token = token;
    if (this.isConnected) this.#ask();
  }

  connectedCallback(): void {
    this.#ask();
  }

  disconnectedCallback(): void {
    this.#asked += 1;
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    if (SHOWN_BY.includes(name)) this.#show();
    else this.#askSoon();
  }

  /** Once, for attributes that are set one after another. */
  #askSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.isConnected) this.#ask();
    });
  }

  #ask(): void {
    this.#asked += 1;
    const api = this.getAttribute("api") || servedFrom;
    const campaign = this.getAttribute("campaign");
    if (api === null) this.#end("wrong", "stopped", "no-service");
    else if (campaign === null) this.#end("wrong", "stopped", "no-campaign");
    else if (this.#token === null) this.#become({ name: this.#state.name === "expired" ? "expired" : "noToken" });
    else void this.#load(api, campaign, this.#token, this.#asked);
  }

  async #load(api: string, campaign: string, token: string, asked: number): Promise<void> {
    if (this.#state.name !== "told") this.#become({ name: "loading" });
    const wanted = {
      campaign,
      unit: this.getAttribute("unit"),
      measure: this.getAttribute("measure"),
      waves: Number(this.getAttribute("waves")) || WAVES,
    };
    const reply = await trendOf(api, wanted, token);
    if (asked !== this.#asked) return;
    if (reply.ok) this.#become({ name: "told", trend: reply.value });
    else this.#refused(reply.refusal);
  }

  #refused(refusal: Refusal): void {
    const { status, slug } = refusal.kind === "problem" ? refusal : { status: 0, slug: "" };
    if (status === 404) this.#become({ name: "nothing" });
    else if (status === 400 || status === 422 || slug === "origin-not-allowed") this.#end("wrong", "stopped", slug);
    else if (status === 401 || status === 403) this.#end("expired", "expired", slug);
    else this.#become({ name: "unreachable" });
  }

  /** Nothing more can be asked with this token, and the page is told so. */
  #end(name: "wrong" | "expired", event: "stopped" | "expired", reason: string): void {
    if (event === "expired") this.#token = null;
    this.#become({ name });
    this.dispatchEvent(new CustomEvent(`pouls:${event}`, { bubbles: true, composed: true, detail: { reason } }));
  }

  #become(state: State): void {
    this.#state = state;
    if (this.isConnected) this.#show();
  }

  #show(): void {
    const language = this.getAttribute("language") ?? this.#languageAround();
    const hadFocus = this.#root.activeElement !== null;
    show(this.#card, this.#view(language), resultWords(language));
    if (hadFocus && this.#root.activeElement === null) this.#card.all.focus(); // what had it is gone
  }

  #view(language: string): View {
    const state = this.#state;
    if (state.name === "unreachable") return { state: "unreachable", again: () => this.#ask() };
    if (state.name !== "told") return { state: state.name };
    const series = chosen(state.trend, this.getAttribute("measure"));
    if (series === null) return { state: "nothing" };
    return { state: "told", told: told(series, language, this.getAttribute("label")) };
  }

  #languageAround(): string {
    return this.closest<HTMLElement>("[lang]")?.lang || navigator.language;
  }
}
