// What the service sends to a respondent's browser, and what the browser sends back.

export type Choice = string | number;

export interface Condition {
  readonly item?: string;
  readonly is?: readonly Choice[];
  readonly at_least?: number;
  readonly at_most?: number;
  readonly all?: readonly Condition[];
  readonly any?: readonly Condition[];
  readonly not?: Condition;
}

export interface Option {
  readonly id: string;
  readonly text: string;
}

interface Asked {
  readonly id: string;
  readonly text: string;
  readonly required: boolean;
  readonly sensitive: boolean;
  readonly visible_if?: Condition;
}

export type Labels = Readonly<Record<string, string>>;

export interface RatingItem extends Asked {
  readonly type: "rating";
  readonly points: number;
  readonly labels: Labels;
}

export interface EnpsItem extends Asked {
  readonly type: "enps";
  readonly labels: Labels;
}

export interface SingleChoiceItem extends Asked {
  readonly type: "single_choice";
  readonly options: readonly Option[];
}

export interface MultipleChoiceItem extends Asked {
  readonly type: "multiple_choice";
  readonly options: readonly Option[];
  readonly max_choices: number;
}

export interface RankingItem extends Asked {
  readonly type: "ranking";
  readonly options: readonly Option[];
  readonly max_ranks: number;
}

export interface NumberItem extends Asked {
  readonly type: "number";
  readonly minimum: number;
  readonly maximum: number;
}

export interface TextItem extends Asked {
  readonly type: "text";
  readonly max_length: number;
}

export type Item =
  | RatingItem
  | EnpsItem
  | SingleChoiceItem
  | MultipleChoiceItem
  | RankingItem
  | NumberItem
  | TextItem;

export interface Section {
  readonly id: string;
  readonly title: string | null;
  readonly text: string | null;
  readonly items: readonly string[];
  readonly order: "listed" | "random";
  readonly layout: "list" | "matrix";
  readonly visible_if?: Condition;
}

export interface Contact {
  readonly name: string;
  readonly detail: string;
  readonly phone: string | null;
  readonly url: string | null;
}

export interface Questionnaire {
  readonly key: string;
  readonly language: string;
  readonly languages: readonly string[];
  readonly title: string;
  readonly introduction: string | null;
  readonly support: readonly Contact[];
  readonly items: readonly Item[];
  readonly sections?: readonly Section[];
}

export interface Sentence {
  readonly topic: string;
  readonly text: string;
}

/** The reply to GET /v1/respond/{wave}. */
export interface Told {
  readonly wave: string;
  readonly language: string;
  readonly languages: readonly string[];
  readonly questionnaire: Questionnaire;
  readonly contract: Readonly<Record<string, unknown>>;
  readonly contract_digest: string;
  readonly promise: readonly Sentence[];
}

/** The reply to POST /v1/respond/context. */
export interface Context {
  readonly language: string;
  readonly team: { readonly name: string; readonly invited: number } | null;
  readonly sentences: readonly Sentence[];
  readonly closes_at: string | null;
}

/** An answer as it is sent; null is a skip. `refused` items ("I prefer not to answer") are sent as skips too. */
export type Answer = number | string | readonly string[] | null;
export type Answers = Readonly<Record<string, Answer>>;
