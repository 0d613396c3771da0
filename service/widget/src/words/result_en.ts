import type { ResultWords } from "./result";

export const english: ResultWords = {
  language: "en",
  noToken: "This result appears as soon as the page has given you access.",
  loading: "Loading the result…",
  nothing: "Nothing has been released yet. The result appears here once a wave has closed and has been released.",
  expired: "Access to this result has ended. The page can renew it; if nothing happens, load the page again.",
  unreachable: "The result cannot be reached at the moment.",
  tryAgain: "Try again",
  wrong:
    "This result cannot be shown, because the page asks for something that is not there. Please tell whoever looks " +
    "after this page.",
  notAllowedHere:
    "This result may not be shown on this page. Whoever looks after it can have its address added to the allowed ones.",
  released: "Released on {date}, wave {wave}",
  onScale: "on a scale from {lowest} to {highest}",
  enps: "eNPS, from −100 to 100",
  favourable: "Favourable answers: {value}",
  peopleBetween: "{low} to {high} people answered.",
  peopleExactly: "{n} people answered.",
  withheld: "No figure is shown",
  reasons: {
    protected: "Too few people answered, or showing it would give a small group away. It says nothing of the answers.",
    not_in_plan: "It is not among the results that this survey publishes.",
    not_enough_invited: "Too few people were invited for anything to be shown.",
  },
  otherReason: "It is not published.",
  noFigure: "The exact figure is not published.",
  higher: "{size} higher than in wave {wave} (95% interval: {low} to {high}).",
  lower: "{size} lower than in wave {wave} (95% interval: {low} to {high}).",
  noChange:
    "No change since wave {wave} that can be told from chance (difference: {difference}, 95% interval: {low} to " +
    "{high}).",
  same: "The same figure as in wave {wave}.",
  higherPerhaps: "{size} higher than in wave {wave}; whether that is more than chance is not known.",
  lowerPerhaps: "{size} lower than in wave {wave}; whether that is more than chance is not known.",
  unchangedBecause: {
    first: "There is no earlier wave here to compare it with.",
    withheld: "No change is told, because no figure is shown of this wave or of the one before.",
    not_comparable: "No change is told, because the two waves did not measure the same thing.",
    no_mean: "No change is told, because no exact mean is published.",
  },
  chart: "{name}, wave by wave",
  chartNote: "A dotted line stands for a wave of which no figure is shown.",
  table: "The figures, wave by wave",
  columns: { wave: "Wave", released: "Released", figure: "Figure", interval: "95% interval" },
  wave: "Wave {number}",
  hidden: "not shown",
  none: "–",
  to: "{low} to {high}",
  named: "{name}: {value}",
  between: "; ",
  percent: "{value}%",
  decimal: ".",
};
