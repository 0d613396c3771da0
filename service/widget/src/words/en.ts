// What the widget says in English.

const plural = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

export const ENGLISH = {
  code: "en",
  tag: "en-GB",
  loading: "Loading the questionnaire…",
  language: "Language",
  languageNotLoaded: "This language could not be loaded. Please try again.",

  before: {
    start: "Begin",
    resume: "Go on",
    known: "What will and will not be known",
    team: "About your team",
    glance: {
      who_answered: "What is recorded",
      smallest: "Only groups, never you alone",
      recipients: "Who reads the results",
      retention: "How long answers exist",
    } as Record<string, string>,
    contract: "Read everything that is promised",
    headings: {
      asks: "Who asks, and when",
      sees: "Who sees what",
      part: "Taking part",
      questions: "The questions",
      shown: "What is shown, and when",
      kept: "How long it is kept",
      limits: "What remains possible",
    } as Record<string, string>,
    minutes: (minutes: number): string => `About ${plural(minutes, "minute", "minutes")}`,
    count: (items: number): string => plural(items, "question", "questions"),
    upTo: (items: number): string => `At most ${plural(items, "question", "questions")}`,
    again: "You have answered already? Then there is nothing to do: a second response is not counted.",
    until: (when: string): string => `Open until ${when}`,
    contextMissing:
      "What concerns your team in particular could not be loaded. What is promised to everybody is below.",
  },

  questions: {
    step: (at: number, of: number): string => `Step ${at} of ${of}`,
    part: (title: string, at: number, of: number): string => `${title} (part ${at} of ${of})`,
    next: "Next",
    back: "Back",
    toReview: "Back to the review",
    required: "Answer needed",
    optional: "You can leave out any question that does not say “Answer needed”.",
    allOptional: "You can leave out any question.",
    more: (count: number): string => `${plural(count, "further question", "further questions")} below.`,
    fewer: (count: number): string =>
      count === 1
        ? "A question that no longer concerns you has gone."
        : `${count} questions that no longer concern you have gone.`,
    refuse: "I prefer not to answer",
    clear: "Clear the answer",
    cleared: "The answer is cleared.",
    named: (name: number | string, label: string): string => `${name}, ${label}`,
    end: (point: number, label: string): string => `${point}: ${label}`,
    stem: (stem: string): string => `${stem}: `,
    ofPoints: (point: number, of: number, label: string): string => `${point} of ${of}${label ? `, ${label}` : ""}`,
    statement: "Statement",
    atMost: (limit: number): string => `Choose at most ${limit}.`,
    any: "Choose all that apply.",
    between: (least: string, most: string): string => `A whole number from ${least} to ${most}.`,
    anonymous:
      "Please name nobody, neither yourself nor anyone else, and give nothing away by which someone could be " +
      "recognised.",
    read: "It may be read, without your name, together with what others wrote.",
    unread: "Nobody will read what you write here: it stays sealed and is then destroyed.",
    count: (length: number, limit: number): string => `${length} of ${limit} characters`,
    left: (count: number): string =>
      `${plural(Math.abs(count), "character", "characters")} ${count < 0 ? "too many" : "left"}.`,
    rank: (limit: number, all: number): string =>
      limit < all
        ? `Choose up to ${limit}, the most important first.`
        : "Choose them one after the other, the most important first. You need not rank all of them.",
    ranked: "Your order",
    nothingRanked: "Nothing chosen yet.",
    unranked: "To choose from",
    add: (option: string): string => `Add: ${option}`,
    up: (option: string): string => `Move up: ${option}`,
    down: (option: string): string => `Move down: ${option}`,
    out: (option: string): string => `Take out: ${option}`,
    placed: (option: string, place: number, of: number): string => `${option}: place ${place} of ${of}.`,
    takenOut: (option: string): string => `${option}: taken out of your order.`,
  },

  faults: {
    title: (count: number): string =>
      count === 1 ? "One answer needs another look" : `${count} answers need another look`,
    required: "This question needs an answer.",
    too_many: (limit: number): string => `At most ${limit} can be chosen. Please take out what matters less.`,
    full: (limit: number): string => `Your order is full (at most ${limit}). Take one out to add another.`,
    no_number: "Please write a whole number, in digits.",
    too_small: (limit: string): string => `The number must be ${limit} or more.`,
    too_large: (limit: string): string => `The number must be ${limit} or less.`,
    too_long: (limit: number): string => `At most ${limit} characters, please.`,
    not_offered: "This answer was not accepted. Please answer again.",
  },

  review: {
    title: "Check your answers",
    text: "After sending, nothing can be changed or taken back.",
    change: "Change",
    unanswered: "Not answered",
    refused: "I prefer not to answer",
    send: "Send my answers",
    none: "You have not answered any question. You can send this all the same, or go back.",
  },

  sending: {
    title: "Sending your answers…",
    unsent: "Your answers have not been sent",
    unsentText: "They are only on this page: keep it open. They will be sent as soon as that is possible.",
    unknown: "We do not know whether your answers arrived",
    unknownText: "Please keep this page open. Sending again is safe: your answers are counted once.",
    trying: "Trying again now…",
    again: (seconds: number): string => `Trying again in ${plural(seconds, "second", "seconds")}`,
    now: "Try now",
  },

  done: {
    title: "Thank you, your answers have arrived",
    text: "They are counted once. They can no longer be changed or taken back, and you can close this page.",
    kioskText: "They are counted once, and can no longer be changed or taken back.",
    next: "What happens next",
    closes: (when: string): string => `The survey is open until ${when}. Results can only be complete after that.`,
  },

  stops: {
    no_code: {
      title: "A personal link is needed",
      text: [
        "This page was opened without a participation code.",
        "Please open the link in your invitation again, as a whole.",
      ],
    },
    refused: {
      title: "This link is not valid",
      text: [
        "It may be incomplete, or it has expired.",
        "Please open the link in your invitation again. If it does not work, ask whoever sent it to you for a " +
          "new one.",
      ],
    },
    expired: {
      title: "Your link has expired",
      text: [
        "Your answers have not been counted, but this page keeps them: leave it open.",
        "Get a new link where you got this one, copy it, and paste it here. Your answers are then sent with it.",
      ],
    },
    expired_unknown: {
      title: "Your link has expired",
      text: [
        "We do not know whether your answers arrived before that. This page keeps them: leave it open.",
        "Get a new link where you got this one, copy it, and paste it here. Your answers are counted once.",
      ],
    },
    spent: {
      title: "This code has already been used",
      text: [
        "You have probably answered before: that response counts. The answers on this page were not counted.",
        "If it was not you who answered, tell whoever invited you.",
      ],
    },
    closed: {
      title: "The survey has closed",
      text: ["It no longer takes answers. The answers on this page were not counted."],
    },
    closed_unknown: {
      title: "The survey has closed",
      text: ["It no longer takes answers. We do not know whether yours arrived before it closed."],
    },
    not_open: {
      title: "This survey is not open",
      text: ["It has not begun yet, or it has closed. The invitation says from when until when you can answer."],
    },
    way: {
      title: "You cannot take part this way",
      text: [
        "What was promised for this survey does not name this way of taking part, so that nothing is accepted by it.",
        "Please use the way in your invitation.",
      ],
    },
    too_many: {
      title: "Too many wrong codes",
      text: ["For a moment no codes are accepted here. Please wait a minute, and try again."],
    },
    origin: {
      title: "The survey cannot be shown on this page",
      text: [
        "This website is not on the list of those that may show it.",
        "For the administrator: add this site’s origin to the organisation’s allowed origins.",
      ],
    },
    no_service: {
      title: "The survey cannot be shown on this page",
      text: [
        "This page does not say where the survey’s service is.",
        "For whoever set up this page: give the element the attribute “api”, with the service’s address.",
      ],
    },
    unreachable: {
      title: "The survey cannot be reached",
      text: ["Perhaps you are offline, or the service is busy. Nothing is lost: please try again in a moment."],
    },
    not_taken: {
      title: "Your answers were not accepted",
      text: ["The service did not take them, and nothing was counted. This page keeps them: you can try again."],
    },
    not_taken_unknown: {
      title: "We do not know whether your answers arrived",
      text: [
        "The service did not take the last try. This page keeps your answers: sending again is safe, they are " +
          "counted once.",
      ],
    },
  },
  /** What became of answers that could not be sent, and that are on this page no longer. */
  fates: {
    unsent: "Your answers were not counted.",
    unknown: "We do not know whether your answers arrived with an earlier try.",
  },
  opensOn: (when: string): string => `At your site it opens on ${when}.`,
  tryAgain: "Try again",

  link: {
    field: "Your new link",
    go: "Send my answers with it",
    none: "There is no participation code in this. Please paste the whole link.",
    other: "This link is of another person or of another survey. Please paste your own new link.",
    refused: "This link is not accepted either. Please get another one.",
  },

  kiosk: {
    title: "Type the code on your card",
    titleKept: "Type your code once more",
    text: "Twelve letters and digits, in groups of four. Capitals, spaces and dashes do not matter.",
    textKept:
      "This code has expired. Your answers are still here, and are sent when you have typed it again.",
    field: "Your code",
    go: "Continue",
    going: "Checking the code…",
    empty: "Please type the code on your card.",
    mistyped: "There is a typing error in this code. Please compare it with your card.",
    refused: "This code is not valid for this survey. Please compare it with your card.",
    other: "This is the code of another card. Please type the code that you began with.",
    tooMany: "Too many wrong codes. Please wait a minute, and try again.",
    unreachable: "The service cannot be reached at the moment. Please try again.",
    next: "Next person",
    clears: (seconds: number): string => `This screen is cleared in ${plural(seconds, "second", "seconds")}.`,
    idleTitle: "Are you still here?",
    idle: "Otherwise everything on this screen is dropped, for your privacy.",
    idleUnsent:
      "Otherwise everything on this screen is dropped, for your privacy. Your answers are then lost: they have " +
      "not been sent.",
    idleUnknown:
      "Otherwise everything on this screen is dropped, for your privacy. We do not know whether your answers " +
      "arrived; they are not sent again then.",
    here: "I am still here",
  },

  support: { title: "Someone to talk to", newTab: "opens in a new tab" },
};
