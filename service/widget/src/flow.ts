// The way of one person through the screens, from a code to answers that have arrived.

import type { Api, Refusal } from "./api";
import { asked, toSend } from "./asked";
import { Course } from "./course";
import { el } from "./dom";
import { Given } from "./given";
import { type Loaded, load, reasonOf } from "./loading";
import type { Context, Told } from "./model";
import { native } from "./native";
import type { Page } from "./pages";
import { languages, support, waiting } from "./screens/around";
import { before } from "./screens/before";
import { code as codeScreen, type CodeFault } from "./screens/code";
import { type Mistake, mistakeIn } from "./screens/mistakes";
import { questions } from "./screens/questions";
import { review } from "./screens/review";
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

/** Where the focus goes while a screen says that it is a matter of a moment. */
const nowhere = (): void => undefined;

type Step = "waiting" | "loading" | "before" | "answering" | "sending" | "expired" | "over";

export class Flow {
  readonly #it: FlowGiven;
  #step: Step = "waiting";
  #code = "";
  #told: Told | null = null;
  #context: Context | null = null;
  #given = new Given();
  #course: Course | null = null;
  #sending: Sending | null = null;
  #unsent: Unsent | null = null;
  #state: SendingState = { step: "idle" };
  #notTaken: ReadonlySet<string> = new Set();
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
    const { stage } = this.#it;
    if (this.#it.isKiosk) this.#askCode(false);
    else if (isComing) this.#show(waiting(stage, stage.words.loading), null, nowhere);
    else this.#stop("no_code");
  }

  take(code: string): void {
    if (this.#isDone && code === this.#code) return;
    const isFirst = this.#step === "waiting" || this.#step === "over";
    const isOther = code !== this.#code;
    this.#code = code;
    if (isFirst || (isOther && (this.#step === "loading" || this.#step === "before"))) this.#begin();
    else if (this.#step === "expired") this.#sending?.now();
  }

  /** Lets go of everything. */
  end(): void {
    this.#loads += 1;
    this.#sending?.stop();
    this.#unguard?.();
    this.#code = "";
    this.#told = this.#context = this.#course = this.#sending = this.#unsent = this.#unguard = null;
    this.#given = new Given();
    this.#step = "over";
  }

  #begin(): void {
    const { stage } = this.#it;
    this.#sending?.stop();
    this.#sending = this.#unsent = this.#course = null;
    this.#state = { step: "idle" };
    this.#given = new Given();
    this.#step = "loading";
    this.#isDone = false;
    this.#show(waiting(stage, stage.words.loading), null, nowhere);
    stage.say(stage.words.loading);
    void this.#load(stage.language).then((loaded) => {
      if (loaded === null) return;
      if (!loaded.ok) {
        const again = loaded.reason === "unreachable" || loaded.reason === "too_many" ? () => this.#begin() : null;
        this.#stop(loaded.reason, loaded.opensAt, again);
        return;
      }
      this.#course = new Course(loaded.told.questionnaire, this.#given);
      this.#before();
    });
  }

  async #load(language: string): Promise<Loaded | null> {
    this.#loads += 1;
    const mine = this.#loads;
    const loaded = await load(this.#it.api, this.#code, language);
    if (mine !== this.#loads) return null;
    if (loaded.ok) {
      this.#told = loaded.told;
      this.#context = loaded.context;
      this.#it.stage.speak(loaded.told.questionnaire.language);
    }
    return loaded;
  }

  /** `redraw` shows the same screen in another language. */
  #show(screen: Screen, redraw: (() => void) | null = null, focus?: () => void): void {
    const { stage } = this.#it;
    const told = this.#told;
    const choices = told && redraw && languages(stage, told, (language) => void this.#translate(language, redraw));
    const foot = told && support(stage, told.questionnaire.support);
    stage.show({ ...screen, node: el("div", {}, choices, screen.node, foot) }, focus);
  }

  async #translate(language: string, redraw: () => void): Promise<void> {
    const { stage } = this.#it;
    const loaded = await this.#load(language);
    if (loaded === null) return;
    if (!loaded.ok) {
      stage.say(stage.words.languageNotLoaded);
      return;
    }
    this.#course?.translate(loaded.told.questionnaire);
    redraw();
    stage.find(`language-${loaded.told.questionnaire.language}`)?.focus();
  }

  #before(): void {
    if (!this.#told) return;
    const { stage } = this.#it;
    this.#step = "before";
    const given = {
      told: this.#told,
      context: this.#context,
      isResumed: !this.#given.isEmpty,
      begin: () => this.#ask(this.#course?.pages[0]),
    };
    this.#show(before(stage, given), () => this.#before());
  }

  /** A page of questions, or the review after the last one; `from` the review, to mend one answer. */
  #ask(page: Page | undefined, from: string | null = null): void {
    const course = this.#course;
    if (!this.#told || !course) return;
    if (!page) {
      this.#review();
      return;
    }
    this.#step = "answering";
    const { stage } = this.#it;
    const made = questions(stage, {
      questionnaire: this.#told.questionnaire,
      page,
      title: course.title(page, stage.words),
      given: this.#given,
      notTaken: this.#notTaken,
      fromReview: from !== null,
      place: () => course.place(page),
      changed: () => this.#guard(),
      next: () => (from === null ? this.#ask(course.beside(page, 1)) : this.#review(from)),
      back: () => {
        const former = course.beside(page, -1);
        if (former) this.#ask(former);
        else this.#before();
      },
    });
    const redraw = (): void => this.#ask(course.pageOf(page.items[0]?.id ?? ""), from);
    this.#show(made, redraw, from === null ? undefined : () => made.focus(from));
  }

  #review(from: string | null = null): void {
    const course = this.#course;
    if (!this.#told || !course) return;
    const { stage } = this.#it;
    const { questionnaire } = this.#told;
    this.#step = "answering";
    const screen = review(stage, {
      questionnaire,
      parts: course.parts,
      given: this.#given,
      of: course.pages.length + 1,
      change: (id) => this.#ask(course.pageOf(id), id),
      back: () => {
        const { pages } = course;
        if (pages.length > 0) this.#ask(pages[pages.length - 1]);
        else this.#before();
      },
      send: () => this.#send(),
    });
    const button = (): HTMLElement | null => (from === null ? null : stage.find(`review-${from}`));
    this.#show(screen, () => this.#review(), () => (button() ?? screen.heading).focus());
  }

  /** What is still wrong; where nothing is, the answers are on their way. */
  #send(): readonly Mistake[] {
    if (!this.#told || this.#step === "sending") return [];
    const { stage, api } = this.#it;
    const { questionnaire } = this.#told;
    const { answers } = this.#given;
    const mistakes = asked(questionnaire, answers).flatMap((item) => {
      const message = mistakeIn(item, this.#given.of(item.id), stage.words);
      return message ? [{ text: item.text, message, go: () => this.#ask(this.#course?.pageOf(item.id), item.id) }] : [];
    });
    if (mistakes.length > 0) return mistakes;
    this.#step = "sending";
    this.#notTaken = new Set();
    this.#guard();
    this.#sending ??= new Sending(api, () => this.#code, (state) => this.#follow(state));
    this.#sending.send(toSend(questionnaire, answers));
    return [];
  }

  #follow(state: SendingState): void {
    const { stage, tell } = this.#it;
    this.#state = state;
    switch (state.step) {
      case "idle":
        return;
      case "sending":
        this.#step = "sending";
        if (this.#unsent) this.#unsent.update(state);
        else this.#show(waiting(stage, stage.words.sending.title));
        return;
      case "waiting":
        if (!this.#unsent) {
          this.#unsent = unsent(stage, () => this.#sending?.now());
          this.#unsent.update(state);
          this.#show(this.#unsent);
        } else this.#unsent.update(state);
        return;
      case "done":
        this.#finish();
        return;
      case "expired":
        this.#step = "expired";
        this.#unsent = null;
        if (this.#it.isKiosk) this.#askCode(true);
        else this.#show(stop(stage, { reason: state.uncertain ? "expired_unknown" : "expired" }));
        tell("expired");
        return;
      case "refused":
        this.#unsent = null;
        this.#refused(state.refusal, state.uncertain);
    }
  }

  #finish(): void {
    const { stage, isKiosk, leave, tell } = this.#it;
    const told = this.#told;
    this.#over();
    this.#isDone = true;
    if (told) this.#show(done(stage, { told, context: this.#context, leave: isKiosk ? leave() : null }));
    tell("done");
  }

  #refused(refusal: Refusal, isUncertain: boolean): void {
    const slug = refusal.kind === "problem" ? refusal.slug : "";
    const places = refusal.kind === "problem" ? refusal.pointers.map((at) => at.replace(/^\/answers\//, "")) : [];
    const page = places.map((id) => this.#course?.pageOf(id)).find((one) => one !== undefined);
    if (slug === "invalid" && page && !isUncertain) {
      this.#notTaken = new Set(places);
      this.#ask(page, places.find((id) => this.#course?.pageOf(id) === page));
      return;
    }
    if (slug === "code-spent") this.#stop("spent");
    else if (slug === "wave-not-open" || slug === "not-found") this.#stop(isUncertain ? "closed_unknown" : "closed");
    else if (slug === "way-not-promised" || slug === "origin-not-allowed") this.#stop(reasonOf(refusal));
    else {
      this.#show(
        stop(this.#it.stage, {
          reason: isUncertain ? "not_taken_unknown" : "not_taken",
          again: () => this.#sending?.now(),
        }),
      );
    }
  }

  /** A screen from which this code goes no further. */
  #stop(reason: StopReason, opensAt: string | null = null, again: (() => void) | null = null): void {
    const { stage, isKiosk, leave, tell } = this.#it;
    if (again) this.#step = "waiting";
    else this.#over();
    const screen = stop(stage, { reason, opensAt, again });
    if (isKiosk) screen.node.append(leave());
    this.#show(screen);
    tell("stopped", reason.replace(/_/g, "-"));
  }

  #over(): void {
    this.#step = "over";
    this.#unguard?.();
    this.#unguard = null;
    this.#sending?.stop();
    this.#sending = this.#unsent = this.#course = null;
    this.#state = { step: "idle" };
    this.#given = new Given();
  }

  #askCode(isKept: boolean): void {
    const { stage, api } = this.#it;
    this.#show(
      codeScreen(stage, isKept, async (typed): Promise<CodeFault | null> => {
        const reply = await api.exchange(typed);
        if (this.#step === "over") return null;
        if (reply.ok) {
          this.take(reply.value.code);
          return null;
        }
        const slug = reply.refusal.kind === "problem" ? reply.refusal.slug : "";
        if (slug === "code-mistyped" || slug === "invalid") return "mistyped";
        if (slug === "code-refused") return "refused";
        if (slug === "too-many-wrong-codes") return "tooMany";
        const reason = reasonOf(reply.refusal);
        if (reason === "unreachable") return "unreachable";
        this.#stop(reason === "not_open" && isKept ? "closed" : reason);
        return null;
      }),
      null,
      () => stage.find("code-field")?.focus(),
    );
  }

  /** The browser asks before the page is left, as long as answers are here that have not arrived. */
  #guard(): void {
    if (this.#given.isEmpty || this.#unguard) return;
    this.#unguard = native.listen(window, "beforeunload", (event) => {
      event.preventDefault();
      (event as BeforeUnloadEvent).returnValue = true;
    });
  }
}
