// Ce que dit le composant en français. Les espaces insécables sont écrites \u00a0.

import type { Words } from "./words";

// En français, zéro et un sont au singulier.
const plural = (count: number, one: string, more: string): string => `${count}\u00a0${count < 2 ? one : more}`;

export const FRENCH: Words = {
  code: "fr",
  tag: "fr-FR",
  loading: "Chargement du questionnaire…",
  language: "Langue",
  languageNotLoaded: "Cette langue n’a pas pu être chargée. Veuillez réessayer.",

  before: {
    start: "Commencer",
    resume: "Reprendre",
    known: "Ce qui sera su, et ce qui ne le sera pas",
    team: "À propos de votre équipe",
    glance: {
      who_answered: "Ce qui est enregistré",
      smallest: "Des groupes, jamais une seule personne",
      recipients: "Qui lit les résultats",
      retention: "Durée de conservation",
    },
    contract: "Lire tout ce qui vous est promis",
    headings: {
      asks: "Qui interroge, et quand",
      sees: "Qui voit quoi",
      part: "La participation",
      questions: "Les questions",
      shown: "Ce qui est affiché, et quand",
      kept: "La durée de conservation",
      limits: "Ce qui reste possible",
    },
    minutes: (minutes) => `Environ ${plural(minutes, "minute", "minutes")}`,
    count: (items) => plural(items, "question", "questions"),
    upTo: (items) => `${plural(items, "question", "questions")} au plus`,
    again: "Vous avez déjà répondu\u00a0? Il n’y a rien à faire\u00a0: une seconde réponse n’est pas comptée.",
    until: (when) => `Ouvert jusqu’au ${when}`,
    contextMissing:
      "Ce qui concerne votre équipe en particulier n’a pas pu être chargé. Ce qui est promis à tous figure " +
      "ci-dessous.",
  },

  questions: {
    step: (at, of) => `Étape ${at} sur ${of}`,
    part: (title, at, of) => `${title} (partie ${at} sur ${of})`,
    next: "Suivant",
    back: "Retour",
    toReview: "Retour au récapitulatif",
    required: "Réponse nécessaire",
    optional: "Vous pouvez passer toute question qui ne porte pas la mention «\u00a0Réponse nécessaire\u00a0».",
    allOptional: "Vous pouvez passer toute question.",
    more: (count) => `${plural(count, "question supplémentaire", "questions supplémentaires")} ci-dessous.`,
    fewer: (count) =>
      count < 2
        ? "Une question qui ne vous concerne plus a été retirée."
        : `${count}\u00a0questions qui ne vous concernent plus ont été retirées.`,
    refuse: "Je préfère ne pas répondre",
    clear: "Effacer la réponse",
    cleared: "La réponse est effacée.",
    named: (name, label) => `${name}, ${label}`,
    end: (point, label) => `${point}\u00a0: ${label}`,
    stem: (stem) => `${stem}\u00a0: `,
    ofPoints: (point, of, label) => `${point} sur ${of}${label ? `, ${label}` : ""}`,
    statement: "Affirmation",
    atMost: (limit) => `${plural(limit, "réponse", "réponses")} au maximum.`,
    any: "Plusieurs réponses possibles.",
    between: (least, most) => `Un nombre entier de ${least} à ${most}.`,
    anonymous:
      "Merci de ne nommer personne, ni vous-même ni qui que ce soit, et de ne rien écrire qui permette de " +
      "reconnaître quelqu’un.",
    read: "Votre texte pourra être lu, sans votre nom, avec ceux d’autres personnes.",
    unread: "Personne ne lira ce que vous écrivez ici\u00a0: le texte reste scellé, puis il est détruit.",
    count: (length, limit) => `${length} sur ${limit} caractères`,
    left: (count) =>
      count < 0
        ? `${plural(-count, "caractère", "caractères")} de trop.`
        : `Il reste ${plural(count, "caractère", "caractères")}.`,
    rank: (limit, all) =>
      limit < all
        ? `Choisissez jusqu’à ${limit}\u00a0options, en commençant par la plus importante.`
        : "Choisissez les options une par une, en commençant par la plus importante. Il n’est pas nécessaire de " +
          "toutes les classer.",
    ranked: "Votre classement",
    nothingRanked: "Rien n’est encore classé.",
    unranked: "À classer",
    add: (option) => `Ajouter\u00a0: ${option}`,
    up: (option) => `Monter\u00a0: ${option}`,
    down: (option) => `Descendre\u00a0: ${option}`,
    out: (option) => `Retirer\u00a0: ${option}`,
    placed: (option, place, of) => `${option}\u00a0: place ${place} sur ${of}.`,
    takenOut: (option) => `${option}\u00a0: retiré du classement.`,
  },

  faults: {
    title: (count) => (count < 2 ? "Une réponse est à revoir" : `${count} réponses sont à revoir`),
    required: "Cette question demande une réponse.",
    too_many: (limit) =>
      `${plural(limit, "réponse", "réponses")} au maximum\u00a0: décochez ce qui compte le moins.`,
    full: (limit) => `Votre classement est complet (${limit} au maximum). Retirez-en un pour en ajouter un autre.`,
    no_number: "Veuillez écrire un nombre entier, en chiffres.",
    too_small: (limit) => `Le nombre doit être supérieur ou égal à ${limit}.`,
    too_large: (limit) => `Le nombre doit être inférieur ou égal à ${limit}.`,
    too_long: (limit) => `${plural(limit, "caractère", "caractères")} au maximum.`,
    not_offered: "Cette réponse n’a pas été acceptée. Veuillez répondre à nouveau.",
  },

  review: {
    title: "Vérifiez vos réponses",
    text: "Une fois envoyées, vos réponses ne pourront plus être ni modifiées ni retirées.",
    change: "Modifier",
    unanswered: "Sans réponse",
    refused: "Je préfère ne pas répondre",
    send: "Envoyer mes réponses",
    none: "Vous n’avez répondu à aucune question. Vous pouvez tout de même envoyer, ou revenir en arrière.",
  },

  sending: {
    title: "Envoi de vos réponses…",
    unsent: "Vos réponses n’ont pas été envoyées",
    unsentText:
      "Elles ne se trouvent que sur cette page\u00a0: gardez-la ouverte. Elles seront envoyées dès que possible.",
    unknown: "Nous ne savons pas si vos réponses sont arrivées",
    unknownText:
      "Gardez cette page ouverte. Vous pouvez renvoyer sans crainte\u00a0: vos réponses ne comptent qu’une fois.",
    trying: "Nouvel essai en cours…",
    again: (seconds) => `Nouvel essai dans ${plural(seconds, "seconde", "secondes")}`,
    now: "Réessayer maintenant",
  },

  done: {
    title: "Merci, vos réponses sont arrivées",
    text:
      "Elles sont comptées une fois et ne peuvent plus être ni modifiées ni retirées. " +
      "Vous pouvez fermer cette page.",
    kioskText: "Elles sont comptées une fois et ne peuvent plus être ni modifiées ni retirées.",
    next: "Et maintenant\u00a0?",
    closes: (when) =>
      `L’enquête est ouverte jusqu’au ${when}. Les résultats ne peuvent être complets qu’après cette date.`,
  },

  stops: {
    no_code: {
      title: "Il faut un lien personnel",
      text: [
        "Cette page a été ouverte sans code de participation.",
        "Veuillez ouvrir à nouveau, en entier, le lien reçu avec votre invitation.",
      ],
    },
    refused: {
      title: "Ce lien n’est pas valable",
      text: [
        "Il est peut-être incomplet, ou il a expiré.",
        "Ouvrez à nouveau le lien de votre invitation. S’il ne fonctionne pas, demandez-en un nouveau à la " +
          "personne qui vous l’a envoyé.",
      ],
    },
    expired: {
      title: "Votre lien a expiré",
      text: [
        "Vos réponses n’ont pas été comptées, mais cette page les garde\u00a0: laissez-la ouverte.",
        "Obtenez un nouveau lien là où vous aviez trouvé celui-ci, copiez-le et collez-le ici. Vos réponses " +
          "seront alors envoyées.",
      ],
    },
    expired_unknown: {
      title: "Votre lien a expiré",
      text: [
        "Nous ne savons pas si vos réponses sont arrivées avant. Cette page les garde\u00a0: laissez-la ouverte.",
        "Obtenez un nouveau lien là où vous aviez trouvé celui-ci, copiez-le et collez-le ici. Vos réponses ne " +
          "comptent qu’une fois.",
      ],
    },
    spent: {
      title: "Ce code a déjà été utilisé",
      text: [
        "Vous avez sans doute déjà répondu\u00a0: cette réponse-là compte. Celles de cette page n’ont pas été " +
          "comptées.",
        "Si ce n’est pas vous qui avez répondu, signalez-le à la personne qui vous a invité.",
      ],
    },
    closed: {
      title: "L’enquête est close",
      text: ["Elle n’accepte plus de réponses. Celles de cette page n’ont pas été comptées."],
    },
    closed_unknown: {
      title: "L’enquête est close",
      text: ["Elle n’accepte plus de réponses. Nous ne savons pas si les vôtres sont arrivées avant la clôture."],
    },
    not_open: {
      title: "Cette enquête n’est pas ouverte",
      text: [
        "Elle n’a pas encore commencé, ou elle est close. Votre invitation indique à quelles dates vous pouvez " +
          "répondre.",
      ],
    },
    way: {
      title: "Vous ne pouvez pas participer de cette façon",
      text: [
        "Ce qui a été promis pour cette enquête ne prévoit pas cette façon de participer\u00a0: rien n’est " +
          "accepté par ce moyen.",
        "Veuillez suivre ce qu’indique votre invitation.",
      ],
    },
    too_many: {
      title: "Trop de codes erronés",
      text: ["Pendant un moment, aucun code n’est accepté ici. Attendez une minute, puis réessayez."],
    },
    origin: {
      title: "L’enquête ne peut pas être affichée sur cette page",
      text: [
        "Ce site ne figure pas parmi ceux qui peuvent l’afficher.",
        "Pour l’administrateur\u00a0: ajoutez l’origine de ce site aux origines autorisées de l’organisation.",
      ],
    },
    no_service: {
      title: "L’enquête ne peut pas être affichée sur cette page",
      text: [
        "Cette page n’indique pas où se trouve le service de l’enquête.",
        "Pour la personne qui a préparé cette page\u00a0: donnez à l’élément l’attribut «\u00a0api\u00a0», avec " +
          "l’adresse du service.",
      ],
    },
    unreachable: {
      title: "L’enquête est injoignable",
      text: [
        "Vous êtes peut-être hors ligne, ou le service est très sollicité. Rien n’est perdu\u00a0: réessayez " +
          "dans un instant.",
      ],
    },
    not_taken: {
      title: "Vos réponses n’ont pas été acceptées",
      text: [
        "Le service ne les a pas prises et rien n’a été compté. Cette page les garde\u00a0: vous pouvez réessayer.",
      ],
    },
    not_taken_unknown: {
      title: "Nous ne savons pas si vos réponses sont arrivées",
      text: [
        "Le service n’a pas pris le dernier envoi. Cette page garde vos réponses\u00a0: vous pouvez renvoyer " +
          "sans crainte, elles ne comptent qu’une fois.",
      ],
    },
  },
  fates: {
    unsent: "Vos réponses n’ont pas été comptées.",
    unknown: "Nous ne savons pas si vos réponses sont arrivées lors d’un envoi précédent.",
  },
  opensOn: (when) => `Sur votre site, elle ouvre le ${when}.`,
  tryAgain: "Réessayer",

  link: {
    field: "Votre nouveau lien",
    go: "Envoyer mes réponses avec ce lien",
    none: "Ce texte ne contient pas de code de participation. Collez le lien en entier.",
    other: "Ce lien est celui d’une autre personne ou d’une autre enquête. Collez votre propre nouveau lien.",
    refused: "Ce lien n’est pas accepté non plus. Demandez-en un autre.",
  },

  kiosk: {
    title: "Saisissez le code de votre carte",
    titleKept: "Saisissez encore une fois votre code",
    text: "Douze lettres et chiffres, par groupes de quatre. Majuscules, espaces et tirets sont sans importance.",
    textKept:
      "Ce code a expiré. Vos réponses sont encore ici\u00a0: elles partiront dès que vous l’aurez saisi à nouveau.",
    field: "Votre code",
    go: "Continuer",
    going: "Vérification du code…",
    empty: "Veuillez saisir le code de votre carte.",
    mistyped: "Ce code contient une faute de frappe. Comparez-le avec votre carte.",
    refused: "Ce code n’est pas valable pour cette enquête. Comparez-le avec votre carte.",
    other: "C’est le code d’une autre carte. Saisissez celui avec lequel vous avez commencé.",
    tooMany: "Trop de codes erronés. Attendez une minute, puis réessayez.",
    unreachable: "Le service est injoignable pour le moment. Veuillez réessayer.",
    next: "Personne suivante",
    clears: (seconds) => `Cet écran sera effacé dans ${plural(seconds, "seconde", "secondes")}.`,
    idleTitle: "Êtes-vous toujours là\u00a0?",
    idle: "Sinon, tout ce qui se trouve sur cet écran sera effacé pour protéger votre vie privée.",
    idleUnsent:
      "Sinon, tout ce qui se trouve sur cet écran sera effacé pour protéger votre vie privée. Vos réponses " +
      "seront alors perdues\u00a0: elles n’ont pas été envoyées.",
    idleUnknown:
      "Sinon, tout ce qui se trouve sur cet écran sera effacé pour protéger votre vie privée. Nous ne savons " +
      "pas si vos réponses sont arrivées\u00a0; elles ne seront alors plus renvoyées.",
    here: "Je suis toujours là",
  },

  support: { title: "Quelqu’un à qui parler", newTab: "nouvel onglet" },
};
