import type { ResultWords } from "./result";

export const french: ResultWords = {
  language: "fr",
  noToken: "Ce résultat s’affiche dès que la page vous en a donné l’accès.",
  loading: "Chargement du résultat…",
  nothing:
    "Rien n’a encore été publié. Le résultat apparaîtra ici une fois qu’une vague sera close et ses résultats " +
    "publiés.",
  expired: "L’accès à ce résultat a expiré. La page peut le renouveler\u00a0; si rien ne se passe, rechargez-la.",
  unreachable: "Impossible d’obtenir le résultat pour le moment.",
  tryAgain: "Réessayer",
  wrong: "Ce résultat ne peut pas être affiché sur cette page. Prévenez la personne qui s’en occupe.",
  released: "Publié le {date}, vague\u00a0{wave}",
  onScale: "sur une échelle de {lowest} à {highest}",
  enps: "eNPS, de −100 à 100",
  favourable: "Réponses favorables",
  peopleBetween: "Entre {low} et {high} personnes ont répondu.",
  peopleExactly: "{n} personnes ont répondu.",
  withheld: "Aucun chiffre n’est affiché",
  isProtected:
    "Trop peu de personnes ont répondu, ou ce chiffre en dirait trop sur un petit groupe. Cela ne dit rien des " +
    "réponses.",
  isNotPublished: "Le chiffre exact n’est pas publié.",
  higher: "En hausse de {size} depuis la vague\u00a0{wave} (intervalle à 95\u00a0%\u00a0: {low} à {high}).",
  lower: "En baisse de {size} depuis la vague\u00a0{wave} (intervalle à 95\u00a0%\u00a0: {low} à {high}).",
  noChange:
    "Aucun changement depuis la vague\u00a0{wave} qui se distingue du hasard (écart\u00a0: {difference}\u00a0; " +
    "intervalle à 95\u00a0%\u00a0: {low} à {high}).",
  same: "Le même chiffre qu’à la vague\u00a0{wave}.",
  higherPerhaps: "{size} de plus qu’à la vague\u00a0{wave}\u00a0; on ne sait pas si cela tient au hasard.",
  lowerPerhaps: "{size} de moins qu’à la vague\u00a0{wave}\u00a0; on ne sait pas si cela tient au hasard.",
  unchangedBecause: {
    first: "Aucune vague antérieure ne permet ici de comparaison.",
    withheld: "Aucune évolution n’est donnée\u00a0: cette vague ou la précédente n’a pas de chiffre affiché.",
    not_comparable: "Aucune évolution n’est donnée\u00a0: les deux vagues n’ont pas mesuré la même chose.",
    no_mean: "Aucune évolution n’est donnée\u00a0: aucune moyenne exacte n’est publiée.",
  },
  chart: "{name}, d’une vague à l’autre",
  chartNote: "Un trait en pointillé signale une vague dont aucun chiffre n’est affiché.",
  table: "Les chiffres, vague par vague",
  columns: {
    wave: "Vague",
    released: "Publiée le",
    figure: "Chiffre",
    interval: "Intervalle à 95\u00a0%",
  },
  wave: "Vague\u00a0{number}",
  hidden: "non affiché",
  none: "–",
  to: "{low} à {high}",
  named: "{name}\u00a0: {value}",
  between: "\u00a0; ",
  percent: "{value}\u00a0%",
  decimal: ",",
};
