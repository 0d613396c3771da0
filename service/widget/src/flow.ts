// The way of one person through the screens, from a code to answers that have arrived.

import { Answering } from "./answering";
import type { Api, Refusal } from "./api";
import { isOf, rightOf } from "./codes";
import { el, focusOn } from "./dom";
import { type Loaded, load, reasonOf } from "./loading";
import type { Answers, Context, Told } from "./model";
import { native } from "./native";
import { languages, support, waiting } from "./screens/around";
import { before } from "./screens/before";
import { code as codeScreen, type CodeFault } from "./screens/code";
import { newLink } from "./screens/link";
import { done, stop, unsent, type Unsent } from "./screens/told";
import { Sending, type SendingState } from "./sending";
import type { Screen, Stage } from "./stage";
import type { StopReason } from "./words/words";

export type Happening = "done" | "expired" | "stopped";

export interface FlowGiven {
  readonly stage: Stage;
  readonly api: Api;
  readonly isKiosk: boolean;
  tell(what: Happening, reason?: string): void;
  /** At a kiosk: what stands on the last screen, with the way to the next person. */
  leave(): HTMLElement;
}

type Step = "waiting" | "loading" | "before" | "answering" | "sending" | "expired" | "over";

/** Where the focus goes while a screen says that it is a matter of a moment. */
const nowhere = (): void => undefined;

const CODE_FAULTS: Readonly<Record<string, CodeFault>> = {
  "code-mistyped": "mistyped",
  invalid: "mistyped",
  "code-refused": "refused",
  "too-many-wrong-codes": "tooMany",
};
/** Refusals that no other try and no other answer changes. */
const FINAL = ["wave-not-open", "not-found", "way-not-promised", "origin-not-allowed"];
/** Screens whose own words say what became of the answers. */
const TELLING: readonly StopReason[] = ["spent", "closed", "closed_unknown"];

export class Flow {
  readonly #it: FlowGiven;
  #step: Step = "waiting";
  #code = "";
  /** Whose code it is. */
  #serial = "";
  #told: Told | null = null;
  #context: Context | null = null;
  #answering: Answering | null = null;
  #sending: Sending | null = null;
  #unsent: Unsent | null = null;
  #state: SendingState = { step: "idle" };
  /** Shows what is shown in another language; null where that cannot be. */
  #redraw: (() => void) | null = null;
  /** Whether this submission has been given another code already. */
  #isRenewed = false;
  /** Counts loads: what a former one brings is not looked at. */
  #loads = 0;
  #unguard: (() => void) | null = null;
  #isDone = false;

  constructor(it: FlowGiven) {
    this.#it = it;
  }

  /** Whether answers would be lost, or might be: what kiosks say before they drop them. */
  get stake(): "nothing" | "something" | "unsent" | "unknown" {
    if (this.#step === "over" || this.#step === "waiting") return "nothing";
    if (this.#state.step === "idle") return "something";
    return "uncertain" in this.#state && this.#state.uncertain ? "unknown" : "unsent";
  }

  get isWaiting(): boolean {
    return this.#step === "waiting";
  }

  /** Before there is a code: what a page shows that waits for one, or that has none. */
  wait(isComing: boolean): void {
    const { stage, isKiosk } = this.#it;
    if (isKiosk) this.#askCode();
    else if (isComing) this.#show(waiting(stage, stage.words.loading), null, nowhere);
    else this.#stop("no_code");
  }

  /** Whether this code is taken: of this wave, and, once something was answered, of the same person. */
  take(code: string): boolean {
    if (this.#isDone && code === this.#code) return false;
    const right = rightOf(code);
    const isFirst = this.#step === "waiting" || this.#step === "over";
    if (right === null || !isOf(right, this.#it.api.wave)) {
      if (isFirst) this.#stop("refused");
      return false;
    }
    const isSame = right.serial === this.#serial;
    const isBegun = this.#sending !== null || this.#answering?.isEmpty === false;
    if (isBegun && !isSame) return false;
    const isOther = code !== this.#code;
    this.#code = code;
    this.#serial = right.serial;
    if (this.#step === "expired") {
      this.#isRenewed = true;
      this.#sending?.now();
    } else if (isFirst || (isOther && !isBegun && !(isSame && this.#step === "answering"))) void this.#begin();
    return true;
  }

  /** Lets go of everything. */
  end(): void {
    this.#loads += 1;
    this.#code = this.#serial = "";
    this.#told = this.#context = null;
    this.#over();
  }

  async #begin(): Promise<void> {
    const { stage } = this.#it;
    this.#over();
    this.#isDone = false;
    this.#told = this.#context = null;
    this.#step = "loading";
    this.#show(waiting(stage, stage.words.loading), null, nowhere);
    stage.say(stage.words.loading);
    const loaded = await this.#load(stage.language);
    if (loaded === null) return;
    if (!loaded.ok) {
      const canRetry = loaded.reason === "unreachable" || loaded.reason === "too_many";
      this.#stop(loaded.reason, loaded.opensAt, canRetry ? () => void this.#begin() : null);
      return;
    }
    this.#tell(loaded.told, loaded.context);
    this.#answering = new Answering(loaded.told.questionnaire, {
      stage,
      isRead: loaded.told.contract["comments"] === true,
      show: (screen, redraw, focus) => {
        this.#step = "answering";
        this.#show(screen, redraw, focus);
      },
      answered: () => this.#guard(),
      toStart: () => this.#before(),
      send: (answers) => this.#send(answers),
    });
    this.#before();
  }

  /** Null where something else was asked for meanwhile. */
  async #load(language: string): Promise<Loaded | null> {
    this.#loads += 1;
    const mine = this.#loads;
    const loaded = await load(this.#it.api, this.#code, language);
    return mine === this.#loads ? loaded : null;
  }

  #tell(told: Told, context: Context | null): void {
    this.#told = told;
    this.#context = context ?? this.#context;
    this.#it.stage.speak(told.questionnaire.language);
  }

  /** With the languages above, where the screen can be drawn again in another one, and someone to talk to below. */
  #show(screen: Screen, redraw: (() => void) | null = null, focus?: () => void): void {
    const { stage, isKiosk } = this.#it;
    const told = this.#told;
    this.#redraw = redraw;
    const choices = told && redraw && languages(stage, told, (language) => void this.#translate(language));
    const foot = told && support(stage, told.questionnaire.support, isKiosk);
    stage.show({ ...screen, node: el("div", {}, choices, screen.node, foot) }, focus);
  }

  /** Of the screen that is shown when the language has come, which need not be the one where it was asked for. */
  async #translate(language: string): Promise<void> {
    const { stage } = this.#it;
    const loaded = await this.#load(language);
    if (loaded === null || this.#redraw === null) return;
    if (!loaded.ok) {
      stage.say(stage.words.languageNotLoaded);
      return;
    }
    const focused = stage.focused?.id || `language-${loaded.told.questionnaire.language}`;
    this.#tell(loaded.told, loaded.context);
    this.#answering?.translate(loaded.told.questionnaire);
    this.#redraw();
    focusOn(stage.find(focused));
  }

  #before(): void {
    const answering = this.#answering;
    if (!this.#told || !answering) return;
    this.#step = "before";
    const given = {
      told: this.#told,
      context: this.#context,
      isResumed: !answering.isEmpty,
      begin: () => answering.begin(),
    };
    this.#show(before(this.#it.stage, given), () => this.#before());
  }

  #send(answers: Answers): void {
    if (this.#step === "sending") return;
    this.#step = "sending";
    this.#guard();
    this.#sending ??= new Sending(
      this.#it.api,
      () => this.#code,
      (state) => this.#follow(state),
    );
    this.#sending.send(answers);
  }

  #follow(state: SendingState): void {
    const { stage, isKiosk, tell } = this.#it;
    this.#state = state;
    if (state.step === "sending" || state.step === "waiting") {
      this.#step = "sending";
      if (this.#unsent) this.#unsent.update(state);
      else if (state.step === "sending") this.#show(waiting(stage, stage.words.sending.title));
      else {
        this.#unsent = unsent(stage, () => this.#sending?.now());
        this.#unsent.update(state);
        this.#show(this.#unsent);
      }
      return;
    }
    this.#unsent = null;
    if (state.step === "done") this.#finish();
    else if (state.step === "refused") this.#refused(state.refusal, state.uncertain);
    else if (state.step === "expired") {
      this.#step = "expired";
      if (isKiosk) this.#askCode(true);
      else this.#askLink(state.uncertain);
      tell("expired");
    }
  }

  #finish(): void {
    const { stage, isKiosk, leave, tell } = this.#it;
    this.#over();
    this.#isDone = true;
    if (this.#told)
      this.#show(done(stage, { told: this.#told, context: this.#context, leave: isKiosk ? leave() : null }));
    tell("done");
  }

  #refused(refusal: Refusal, isUncertain: boolean): void {
    const { slug, pointers } = refusal.kind === "problem" ? refusal : { slug: "", pointers: [] };
    const places = pointers.map((place) => place.replace(/^\/answers\//, ""));
    if (slug === "invalid" && !isUncertain && this.#answering?.mend(places)) return;
    if (slug === "code-spent") this.#stop("spent");
    else if (FINAL.includes(slug)) this.#stopSending(reasonOf(refusal));
    else {
      const reason = isUncertain ? "not_taken_unknown" : "not_taken";
      this.#show(stop(this.#it.stage, { reason, again: () => this.#sending?.now() }));
    }
  }

  /** With answers here, a wave that is not open has closed. */
  #stopSending(reason: StopReason): void {
    if (reason !== "not_open" && reason !== "refused") this.#stop(reason);
    else this.#stop(this.stake === "unknown" ? "closed_unknown" : "closed");
  }

  /** A screen from which this code goes no further. */
  #stop(reason: StopReason, opensAt: string | null = null, again: (() => void) | null = null): void {
    const { stage, isKiosk, leave, tell } = this.#it;
    const { stake } = this;
    const fate = stake === "unsent" || stake === "unknown" ? stage.words.fates[stake] : null;
    this.#over();
    if (again) this.#step = "waiting";
    const screen = stop(stage, { reason, opensAt, again, fate: TELLING.includes(reason) ? null : fate });
    if (isKiosk) screen.node.append(leave());
    this.#show(screen);
    tell("stopped", reason.replace(/_/g, "-"));
  }

  #over(): void {
    this.#step = "over";
    this.#unguard?.();
    this.#sending?.stop();
    this.#unguard = this.#sending = this.#unsent = this.#answering = null;
    this.#state = { step: "idle" };
    this.#isRenewed = false;
  }

  /** At a kiosk, for the first time or for answers that are kept. */
  #askCode(isKept = false): void {
    const { stage, api } = this.#it;
    const exchange = async (typed: string): Promise<CodeFault | null> => {
      const reply = await api.exchange(typed);
      if (this.#step === "over") return null;
      if (reply.ok) return this.take(reply.value.code) ? null : "other";
      const fault = reply.refusal.kind === "problem" && CODE_FAULTS[reply.refusal.slug];
      if (fault) return fault;
      const reason = reasonOf(reply.refusal);
      if (reason === "unreachable") return "unreachable";
      if (isKept) this.#stopSending(reason);
      else this.#stop(reason);
      return null;
    };
    const screen = codeScreen(stage, isKept, this.#isRenewed ? "refused" : null, exchange);
    this.#show(screen, null, () => focusOn(stage.find("code-field")));
  }

  #askLink(isUncertain: boolean): void {
    const { stage } = this.#it;
    const screen = stop(stage, { reason: isUncertain ? "expired_unknown" : "expired" });
    screen.node.append(newLink(stage, this.#isRenewed, (code) => this.take(code)));
    this.#show(screen, null, this.#isRenewed ? () => focusOn(stage.find("link-field")) : undefined);
  }

  /** The browser asks before the page is left, as long as answers are here that have not arrived. */
  #guard(): void {
    if (this.#unguard || !this.#answering || this.#answering.isEmpty) return;
    this.#unguard = native.listen(window, "beforeunload", (event) => {
      event.preventDefault();
      (event as BeforeUnloadEvent).returnValue = true;
    });
  }
}
