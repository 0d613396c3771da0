"""All that a report says itself, in French and English. Pure.

What comes from the organisation (names, questions, answers) is not here, nor are the contract's sentences.
"""

# ruff: noqa: RUF001 - signs as they are printed

from collections.abc import Mapping
from typing import Literal, NamedTuple

Language = Literal["fr", "en"]


class Wording(NamedTuple):
    """One language; what is in braces is filled in."""

    wave: str
    interim: str
    results_of: str
    everybody: str
    skip: str
    answered: str
    answered_between: str
    answered_about: str
    answered_exactly: str
    answered_protected: str
    answered_note: str
    scales: str
    scores: str
    scores_note: str
    shares: str
    shares_note: str
    levels: str
    questions: str
    turned: str
    low_is_better: str
    below: str
    below_note: str
    below_cut: str
    trend: str
    trend_note: str
    everybody_together: str
    statistics_note: str
    reliability: str
    unit_share: str
    drivers: str
    drivers_note: str
    reading: str
    reading_notes: tuple[str, ...]
    promised: str
    promised_note: str
    promised_topics: Mapping[str, str]
    certificate: str
    certificate_none: str
    certificate_broken: str
    certificate_note: str
    certificate_how: tuple[str, ...]
    verdict: str
    verdicts: Mapping[str, str]
    facts: Mapping[str, str]
    columns: Mapping[str, str]
    reasons: Mapping[str, str]
    not_shown: str
    no_figure: str
    chart_of: Mapping[str, str]
    part: str
    table_below: str
    to: str
    percent: str
    decimal: str
    colon: str
    list_of: str
    page: str


_FRENCH = Wording(
    wave="Vague\u00a0{number}",
    interim="résultats intermédiaires n°\u00a0{number}",
    results_of="résultats du {moment}",
    everybody="Ensemble de l’organisation",
    skip="Aller au contenu",
    answered="Qui a répondu",
    answered_between="Selon les questions, de {low} à {high} personnes ont répondu.",
    answered_about="Entre {low} et {high} personnes ont répondu.",
    answered_exactly="{n} personnes ont répondu.",
    answered_protected="Le nombre de personnes qui ont répondu est protégé\u00a0: rien n’est publié de cette unité.",
    answered_note="Les effectifs sont donnés par fourchettes.",
    scales="Échelles et indices",
    scores="Scores",
    scores_note="Le point est la moyenne, le trait son intervalle de confiance à 95\u00a0%\u00a0; chaque ligne va du "
    "score le plus bas au score le plus haut possible.",
    shares="Réponses favorables",
    shares_note="Part des réponses favorables, neutres et défavorables.",
    levels="Niveaux\u00a0: {name}",
    questions="Questions",
    turned="Question comptée en sens inverse\u00a0: sa moyenne est retournée, une valeur haute est favorable.",
    low_is_better="plus le score est bas, mieux c’est",
    below="Unités rattachées",
    below_note="Le score de chaque unité directement rattachée, échelle par échelle. La couleur suit la place du score "
    "entre le plus défavorable et le plus favorable.",
    below_cut="Les {shown} premières unités sur {all}\u00a0; les autres se lisent dans les cellules de la publication.",
    trend="D’une vague à l’autre",
    trend_note="Ce que chaque vague de la campagne a publié de cette unité. L’axe couvre toute l’étendue possible du "
    "score, pour qu’un petit écart reste un petit écart. Que deux intervalles se chevauchent ou non ne suffit pas à "
    "dire s’il y a eu un changement\u00a0: l’écart et son propre intervalle se lisent à l’adresse "
    "/v1/aggregates/trend.",
    everybody_together="L’ensemble des personnes",
    statistics_note="Ces mesures portent sur toutes les personnes qui ont répondu, toutes unités confondues.",
    reliability="Fiabilité des échelles",
    unit_share="Poids de l’unité dans les scores",
    drivers="Ce qui va de pair avec «\u00a0{outcome}\u00a0»",
    drivers_note="Part de la variance de ce score qui va de pair avec chaque échelle. Ces poids ne montrent aucune "
    "cause.",
    reading="Comment lire ce document",
    reading_notes=(
        (
            "«\u00a0Protégé\u00a0» dans une case hachurée veut dire qu’aucun chiffre n’est montré\u00a0: il pourrait "
            "décrire un groupe trop petit, directement ou par différence avec d’autres chiffres. Cela ne dit rien des "
            "réponses."
        ),
        (
            "«\u00a0≤\u00a05\u00a0%\u00a0» se lit «\u00a05\u00a0% ou moins\u00a0», «\u00a0≥\u00a090\u00a0%\u00a0» se "
            "lit «\u00a090\u00a0% ou plus\u00a0»\u00a0: la part exacte n’est pas publiée. Des parts arrondies ne font "
            "pas toujours 100\u00a0% au total."
        ),
        "Chaque chiffre est exactement celui de la publication\u00a0: rien n’est calculé ici.",
        "Les unités se suivent dans l’ordre de l’organigramme. Ce n’est pas un classement.",
    ),
    promised="Ce qui a été promis aux personnes interrogées",
    promised_note="Le contrat de cette vague, tel que chacune a pu le lire avant de répondre.",
    promised_topics={
        "campaign": "Qui interroge qui, et quand",
        "audience": "Qui interroge qui, et quand",
        "times": "Qui interroge qui, et quand",
        "recipients": "Qui voit quoi",
        "smallest": "Qui voit quoi",
        "groups": "Qui voit quoi",
        "participation": "Comment on participe",
        "who_answered": "Comment on participe",
        "questions": "Ce qui est demandé, et à quelle fréquence",
        "how_often": "Ce qui est demandé, et à quelle fréquence",
        "interim": "Ce qui est publié en plus",
        "recuts": "Ce qui est publié en plus",
        "comments": "Ce qui est publié en plus",
        "coarse_classes": "Ce qui est publié en plus",
        "retention": "Ce qui est conservé",
        "waves": "Ce que cela ne couvre pas",
        "limits": "Ce que cela ne couvre pas",
        "fingerprints": "Ce qui garantit le contrat",
    },
    certificate="Certificat",
    certificate_none="Cette publication n’a pas de certificat\u00a0: elle date d’avant les certificats.",
    certificate_broken="Le certificat conservé ne se vérifie pas\u00a0: ne vous y fiez pas, et prévenez qui exploite "
    "le service.",
    certificate_note="Un vérificateur indépendant du programme qui publie a rejugé tous les chiffres publiés.",
    certificate_how=(
        "Demandez le certificat complet à l’adresse {address}.",
        (
            "Procurez-vous la clé publique auprès de qui exploite le service, par une autre voie que le service "
            "lui-même (commande pouls keys public), et comparez-la à celle-ci."
        ),
        (
            "La signature Ed25519 porte sur le texte «\u00a0pouls certificate\u00a0», un octet nul, puis le certificat "
            "en JSON aux clés triées, sans espaces, en UTF-8."
        ),
    ),
    verdict="Son verdict\u00a0: {verdict}.",
    verdicts={"safe": "sûr\u00a0: aucun groupe trop petit ne se déduit de ce qui est publié"},
    facts={
        "release": "Publication",
        "release_digest": "Empreinte de la publication",
        "contract_digest": "Empreinte du contrat",
        "signature": "Signature",
        "public_key": "Clé publique",
    },
    columns={
        "measure": "Mesure",
        "unit": "Unité",
        "n": "Réponses",
        "score": "Score",
        "mean": "Moyenne",
        "interval": "Intervalle à 95\u00a0%",
        "sd": "Écart type",
        "rwg": "Accord (rwg)",
        "range": "Étendue",
        "favourable": "Favorables",
        "neutral": "Neutres",
        "unfavourable": "Défavorables",
        "promoters": "Promoteurs",
        "passives": "Passifs",
        "detractors": "Détracteurs",
        "enps": "eNPS",
        "answer": "Réponse",
        "share": "Part",
        "wave": "Vague",
        "released": "Publiée le",
        "alpha": "Alpha",
        "omega": "Oméga",
        "people": "Personnes",
        "groups": "Unités",
        "icc1": "ICC(1)",
        "icc2": "ICC(2)",
        "weight": "Poids relatif",
        "correlation": "Corrélation",
        "r_squared": "Part de variance totale (R²)",
        "scale": "Échelle",
    },
    reasons={
        "protected": "protégé",
        "not_in_plan": "hors du plan",
        "not_enough_invited": "trop peu d’invités",
    },
    not_shown="non publié",
    no_figure="–",
    chart_of={
        "means": "Scores de {unit}",
        "distribution": "Répartition des réponses\u00a0: {name}",
        "distributions": "Répartition des réponses, {unit}",
        "favourable": "Réponses favorables, {unit}",
        "heatmap": "Scores des unités rattachées à {unit}",
        "trend": "{name}, d’une vague à l’autre",
    },
    part="{name} ({number} sur {all})",
    table_below="Le tableau qui suit donne les mêmes chiffres.",
    to="{low} à {high}",
    percent="{value}\u00a0%",
    decimal=",",
    colon="{name}\u00a0: {value}",
    list_of="\u00a0; ",
    page="Page",
)

_ENGLISH = Wording(
    wave="Wave {number}",
    interim="interim results no. {number}",
    results_of="results of {moment}",
    everybody="The whole organisation",
    skip="Skip to the content",
    answered="Who answered",
    answered_between="Depending on the question, {low} to {high} people answered.",
    answered_about="{low} to {high} people answered.",
    answered_exactly="{n} people answered.",
    answered_protected="How many people answered is protected: nothing is published of this unit.",
    answered_note="Numbers of people are given as ranges.",
    scales="Scales and indices",
    scores="Scores",
    scores_note="The dot is the mean, the bar through it its 95% confidence interval; each line runs from the lowest "
    "possible score to the highest.",
    shares="Favourable answers",
    shares_note="How many of the answers were favourable, neutral and unfavourable.",
    levels="Levels: {name}",
    questions="Questions",
    turned="This question counts the other way round: its mean is turned, so that high is favourable.",
    low_is_better="the lower, the better",
    below="Units directly below",
    below_note="The score of each unit directly below, scale by scale. Colour follows where the score lies between the "
    "least and the most favourable.",
    below_cut="The first {shown} units of {all}; the others can be read in the cells of the release.",
    trend="From wave to wave",
    trend_note="What each wave of the campaign published of this unit. The axis covers all possible scores, so that a "
    "small difference looks small. Whether two intervals overlap does not yet say whether there was a change: each "
    "change with its own interval can be read from /v1/aggregates/trend.",
    everybody_together="Everybody together",
    statistics_note="These figures are of all people who answered, in all units together.",
    reliability="How reliable the scales are",
    unit_share="How much of a score is its unit’s",
    drivers="What goes with “{outcome}”",
    drivers_note="The share of this score’s variance that goes with each scale. These weights show no cause.",
    reading="How to read this",
    reading_notes=(
        (
            "“Protected” in a hatched box means that no figure is shown: it could describe a group that is too small, "
            "by itself or by its difference from other figures. It says nothing of the answers."
        ),
        (
            "Read “≤\u00a05%” as 5% or less and “≥\u00a090%” as 90% or more: the exact share is not published. Rounded "
            "shares do not always add up to 100%."
        ),
        "Each figure is exactly that of the release: nothing is calculated here.",
        "Units stand in the order of the organisation. This is no ranking.",
    ),
    promised="What respondents were promised",
    promised_note="The contract of this wave, as everybody could read it before answering.",
    promised_topics={
        "campaign": "Who asks whom, and when",
        "audience": "Who asks whom, and when",
        "times": "Who asks whom, and when",
        "recipients": "Who sees what",
        "smallest": "Who sees what",
        "groups": "Who sees what",
        "participation": "How people take part",
        "who_answered": "How people take part",
        "questions": "What is asked, and how often",
        "how_often": "What is asked, and how often",
        "interim": "What else is published",
        "recuts": "What else is published",
        "comments": "What else is published",
        "coarse_classes": "What else is published",
        "retention": "What is kept",
        "waves": "What this does not cover",
        "limits": "What this does not cover",
        "fingerprints": "What holds the contract together",
    },
    certificate="Certificate",
    certificate_none="This release has no certificate: it was made before there were any.",
    certificate_broken="The certificate that is kept does not verify: do not rely on it, and tell whoever runs the "
    "service.",
    certificate_note="An auditor that shares nothing with the program that publishes judged all these figures anew.",
    certificate_how=(
        "Fetch the whole certificate from {address}.",
        (
            "Get the public key from whoever runs the service, by another way than the service itself (the command "
            "pouls keys public), and compare it with this one."
        ),
        (
            "The Ed25519 signature is over the text “pouls certificate”, a zero byte, and the certificate as JSON with "
            "sorted keys, without spaces, in UTF-8."
        ),
    ),
    verdict="Its verdict: {verdict}.",
    verdicts={"safe": "safe: no group that is too small follows from what is published"},
    facts={
        "release": "Release",
        "release_digest": "Digest of the release",
        "contract_digest": "Digest of the contract",
        "signature": "Signature",
        "public_key": "Public key",
    },
    columns={
        "measure": "Measure",
        "unit": "Unit",
        "n": "Answered",
        "score": "Score",
        "mean": "Mean",
        "interval": "95% interval",
        "sd": "Standard deviation",
        "rwg": "Agreement (rwg)",
        "range": "Range",
        "favourable": "Favourable",
        "neutral": "Neutral",
        "unfavourable": "Unfavourable",
        "promoters": "Promoters",
        "passives": "Passives",
        "detractors": "Detractors",
        "enps": "eNPS",
        "answer": "Answer",
        "share": "Share",
        "wave": "Wave",
        "released": "Released",
        "alpha": "Alpha",
        "omega": "Omega",
        "people": "People",
        "groups": "Units",
        "icc1": "ICC(1)",
        "icc2": "ICC(2)",
        "weight": "Relative weight",
        "correlation": "Correlation",
        "r_squared": "Variance explained in all (R²)",
        "scale": "Scale",
    },
    reasons={"protected": "protected", "not_in_plan": "not in the plan", "not_enough_invited": "too few invited"},
    not_shown="not published",
    no_figure="–",
    chart_of={
        "means": "Scores of {unit}",
        "distribution": "Answers: {name}",
        "distributions": "Answers, {unit}",
        "favourable": "Favourable answers, {unit}",
        "heatmap": "Scores of the units below {unit}",
        "trend": "{name}, from wave to wave",
    },
    part="{name} ({number} of {all})",
    table_below="The table that follows gives the same figures.",
    to="{low} to {high}",
    percent="{value}%",
    decimal=".",
    colon="{name}: {value}",
    list_of="; ",
    page="Page",
)

WORDING: Mapping[Language, Wording] = {"fr": _FRENCH, "en": _ENGLISH}
