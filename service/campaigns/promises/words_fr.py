"""A contract's sentences in French. Apostrophes and spaces are written plain here and come out as they are printed."""

import re

from service.campaigns.promises.words import Words

_NO_BREAK = "\u00a0"
_SENTENCES = {
    "and": "{before} et {last}",
    "or": "{before} ou {last}",
    "then": "{before} ; {last}",
    "others": "{n:# autre|# autres}",
    # Who asks whom, and when.
    "campaign": "Votre organisation mène la campagne {name} ; chacune de ses vagues a son propre contrat, qui reprend "
    "ces règles et y ajoute les dates d'ouverture et de clôture ainsi que le nombre de personnes invitées.",
    "wave": "Votre organisation vous invite à participer à la vague {number} de la campagne {name}.",
    "units": "Sont interrogées les personnes {n:de l'unité|des unités} {units} et de toutes celles qui en dépendent "
    "(codes de la source {source}).",
    "units_counted": "Sont interrogées les personnes de {n:# unité|# unités} de l'organisation et de toutes celles "
    "qui en dépendent.",
    "held": "Parmi elles, seules sont interrogées celles dont le critère {dimension} vaut {values} ; celles pour qui "
    "il n'est pas renseigné ne le sont pas.",
    "hired_between": "Parmi elles, seules sont interrogées celles qui ont été embauchées depuis au moins {least:# "
    "jour|# jours} et au plus {most:# jour|# jours} à l'ouverture d'une vague ; celles dont la date d'embauche n'est "
    "pas connue ne le sont pas.",
    "hired_at_least": "Parmi elles, seules sont interrogées celles qui ont été embauchées depuis au moins {least:# "
    "jour|# jours} à l'ouverture d'une vague ; celles dont la date d'embauche n'est pas connue ne le sont pas.",
    "hired_at_most": "Parmi elles, seules sont interrogées celles qui ont été embauchées depuis au plus {most:# "
    "jour|# jours} à l'ouverture d'une vague ; celles dont la date d'embauche n'est pas connue ne le sont pas.",
    "roster": "{invited:# personne est invitée|# personnes sont invitées} à cette vague ; la liste est figée, et "
    "quiconque arrive plus tard n'y figure pas.",
    "times_both": "Les réponses sont acceptées du {opens} au {closes}.",
    "times_opens": "Les réponses sont acceptées à partir du {opens}, jusqu'à ce que votre organisation close la vague.",
    "times_closes": "Les réponses sont acceptées jusqu'au {closes}.",
    "times_none": "Les réponses sont acceptées jusqu'à ce que votre organisation close la vague.",
    "times_move": "Tant que la vague n'est pas close, votre organisation peut en avancer ou en repousser la clôture ; "
    "une vague close n'est jamais rouverte.",
    "times_closed": "Une vague close n'est jamais rouverte.",
    "openings": "Les sites ne commencent pas tous au même moment ; selon le fuseau horaire de leur site, les "
    "personnes peuvent répondre à partir des moments suivants : {openings}.",
    "opening": "{zone}, {moment}",
    # Who can see what.
    "aggregate_readers": "Les résultats sont lus par quiconque détient une clé de votre organisation donnant le droit "
    "de lire les résultats de groupes ; les réponses d'une seule personne ne sont communiquées à personne.",
    "named_recipients": "Les résultats sont lus par {names}, au moyen d'accès établis à leur intention ; aucun autre "
    "accès de votre organisation ne les ouvre, et les réponses d'une seule personne ne sont communiquées à personne.",
    "mean": "Une moyenne ou un score ne s'affiche que pour les groupes où au moins {k:# personne a|# personnes ont} "
    "répondu.",
    "distribution": "Le nombre de personnes qui ont choisi telle ou telle réponse, comme toute part des réponses, ne "
    "s'affiche que pour les groupes où au moins {k:# personne a|# personnes ont} répondu.",
    "sensitive": "Pour une question sensible, rien ne s'affiche pour les groupes où moins de {k:# personne a|# "
    "personnes ont} répondu.",
    "sensitive_both": "Pour une question sensible, une moyenne ne s'affiche que pour les groupes où au moins {mean:# "
    "personne a|# personnes ont} répondu, et la répartition des réponses qu'à partir de {distribution}.",
    "promise": "Aucun calcul sur l'ensemble de ce qui est affiché d'une vague, quoi qu'on additionne ou soustraie, ne "
    "permet de retrouver les réponses d'un groupe plus petit ; s'il le faut, des chiffres de groupes plus grands sont "
    "masqués pour cela.",
    "pooled": "Ces seuils ne tiennent pas compte de collègues qui mettraient leurs propres réponses en commun : "
    "ensemble, ils peuvent en savoir plus qu'un lecteur.",
    "collusion": "Tous ces seuils comprennent {t:# personne|# personnes} de plus, pour que cela reste vrai même si "
    "{t:un membre d'un groupe se sert de sa propre réponse|jusqu'à # membres d'un groupe mettent leurs propres "
    "réponses en commun}.",
    "org": "Les résultats s'affichent pour les unités de l'organisation, chacune avec toutes celles qui en dépendent.",
    "breakdowns": "Dans chaque unité, ils s'affichent aussi {breakdowns}.",
    "by": "par {name}",
    "by_two": "par {first} et {second} croisés",
    "values": "{n:La seule valeur|Les valeurs} du critère {dimension} {n:est|sont} {values}.",
    # How one takes part, and what is known of it.
    "ways": "Vous pouvez participer {ways}.",
    "links": "par un lien personnel",
    "kiosk": "avec un code court à saisir sur un poste partagé",
    "intranet": "depuis l'intranet (qui indique à Pouls qui vous êtes)",
    "sign_in": "en vous identifiant auprès de votre entreprise (qui indique à Pouls qui vous êtes)",
    "once": "Chaque personne répond une seule fois ; ce qui est envoyé ne peut plus être ni modifié ni retiré.",
    "recorded": "Le fait que vous avez répondu est enregistré, à part de vos réponses et sans l'heure ; vos réponses "
    "ne sont pas enregistrées sous votre nom.",
    "rates": "Votre organisation voit par unité combien de personnes ont répondu : par grands paliers, pour les "
    "unités assez grandes, avec une mise à jour par jour au plus et seulement quand au moins {k:# personne de plus "
    "a|# personnes de plus ont} répondu.",
    "reminders": "Des relances sont possibles : quand au moins {k:# personne a|# personnes ont} répondu et qu'au "
    "moins {k:# ne l'a|# ne l'ont} pas fait, votre organisation reçoit les liens de celles qui n'avaient pas encore "
    "répondu ; la personne qui envoie les relances sait donc qui elles sont.",
    "no_reminders": "La liste des personnes qui n'ont pas répondu n'est remise à personne : une relance ne peut "
    "s'adresser qu'à tout le monde.",
    "unrecorded": "Rien de ce qui est conservé ne dit qui a répondu : les codes des liens sont tirés au hasard et "
    "remis une seule fois, un lien perdu ne peut pas être remplacé, et une relance ne peut s'adresser qu'à tout le "
    "monde.",
    "unrecorded_links": "Seule la personne qui a envoyé les liens et les a gardés pourrait voir, dans la base de "
    "données elle-même, lesquels ont servi.",
    "tried": "Tant que la vague est ouverte, quiconque détient le lien d'une personne, ou peut demander son code, peut "
    "répondre à sa place : il apprend ainsi si elle avait déjà répondu, et un résultat contient alors les réponses de "
    "moins de personnes qu'il ne le dit.",
    # Which questions, and how often.
    "questionnaire": "Les questions sont celles du questionnaire {key}, version {version} ; elles ne peuvent plus "
    "être modifiées.",
    "whole": "Le questionnaire est posé en entier.",
    "drawn": "Une vague en pose au plus {length:# question, tirée|# questions, tirées} au sort à partir d'un nombre "
    "inscrit au contrat : personne ne choisit.",
    "anchors": "{n:Une question est posée|# questions sont posées} à chaque vague : {items}.",
    "turns": "Chacune de ses questions vient une fois avant qu'aucune ne revienne.",
    "turns_others": "Parmi les autres, chacune vient une fois avant qu'aucune ne revienne.",
    "cadence": "Sur les thèmes suivants, une question à la fois est posée : {drivers} ; aucune ne l'est sur les "
    "autres.",
    "driver": "{name} {every:à chaque vague|une vague sur #}",
    "cadence_turns": "Au sein d'un thème, chaque question vient une fois avant qu'aucune ne revienne.",
    "items": "Cette vague pose {n:cette question|ces # questions} : {items}.",
    "sampling": "Tout le monde n'est pas interrogé à chaque fois : le tour de chaque personne revient au moins "
    "{every:à chaque vague|toutes les # vagues}.",
    "sampling_how": "Le tour de chacun est tiré au sort à partir d'un nombre inscrit au contrat, une partie de "
    "l'unité après l'autre, et une petite unité est interrogée en entier : personne ne choisit ; quand des personnes "
    "arrivent ou partent, ou qu'une vague interrogerait trop peu de monde, le tour de quelqu'un peut venir plus tôt, "
    "voire chaque fois dans une petite organisation, ou être sauté.",
    "burden": "Quiconque a déjà été invité {most:une fois|# fois} au cours {days:du dernier jour|des # derniers "
    "jours}, toutes campagnes de l'organisation confondues, ne l'est pas ; pour cela sont conservés les jours où "
    "chaque personne a été invitée, mais non à quoi.",
    # What is shown when.
    "interim": "Pendant que la vague est ouverte, des résultats s'affichent {n:une fois|# fois} au plus, {hours} "
    "{last:heure|heures} après l'ouverture ; chaque fois, ils sont jugés avec tout ce qui a été affiché auparavant, "
    "et rien ne change dans l'intervalle.",
    "no_interim": "Aucun résultat ne s'affiche avant la clôture de la vague.",
    "recuts": "Après les résultats, d'autres regroupements des mêmes personnes peuvent s'afficher, formés des groupes "
    "selon lesquels elles ont été comptées dès le départ, tant qu'aucun recoupement de tout ce qui a été affiché ne "
    "décrit un groupe trop petit.",
    "no_recuts": "Aucun autre groupe ne s'affiche, ni maintenant ni plus tard.",
    "comments": "Ce que les personnes écrivent avec leurs mots ne s'affiche que pour des groupes d'au moins {k:# "
    "auteur|# auteurs}, par unités, dans le désordre, sans date et jamais à côté des autres réponses de la même "
    "personne.",
    "cleaned": "Les adresses électroniques, les numéros de téléphone, les longs numéros et les noms des personnes "
    "invitées en sont retirés, mais pas les surnoms, les noms mal orthographiés ni les descriptions : ne nommez ni "
    "vous-même ni personne d'autre.",
    "no_comments": "Ce que les personnes écrivent avec leurs mots n'est pas publié et reste scellé jusqu'à sa "
    "destruction ; le minimum de {k:# auteur|# auteurs} que le contrat prévoit pour cela reste donc sans effet.",
    "coarse": "Avant l'ouverture de la vague, les groupes selon lesquels les réponses sont comptées sont rendus assez "
    "généraux pour que chacun compte au moins {k:# personne invitée|# personnes invitées} ; les petites unités et les "
    "valeurs rares ne s'affichent alors pas.",
    # Of one person's team.
    "team_shares": "Votre équipe, {unit}, compte {n} personnes dans cette enquête : ses résultats n'apparaissent que "
    "si au moins {k} d'entre elles répondent, et le nombre de personnes par réponse que si au moins {more} le font.",
    "team_means": "Votre équipe, {unit}, compte {n} personnes dans cette enquête : ses résultats n'apparaissent que si "
    "au moins {k} d'entre elles répondent, et le nombre de personnes par réponse n'est pas montré pour si peu de "
    "personnes.",
    "team_small": "Votre équipe, {unit}, compte {n:# personne|# personnes} dans cette enquête : trop peu pour avoir "
    "ses propres résultats. Vos réponses comptent dans ceux de {above}, qui en compte {m}.",
    "team_alone": "Votre équipe, {unit}, compte {n:# personne|# personnes} dans cette enquête : trop peu pour que "
    "des résultats soient montrés, et aucun groupe plus grand ne les contient.",
    "team_compared": "Les résultats sont choisis de sorte qu'aucune somme ou différence entre eux ne décrive moins de "
    "{k} personnes.",
    # How long it is kept.
    "kept_days": "La clé qui ouvre les réponses est détruite {days:# jour|# jours} après la clôture, ou plus tôt si "
    "votre organisation le demande une fois les résultats établis.",
    "kept_not": "La clé qui ouvre les réponses est détruite dès que les résultats sont établis.",
    "destroyed": "Dès lors, personne ne peut plus les ouvrir, pas même avec une ancienne copie de la base de données "
    "; la liste des personnes invitées et ce qui est conservé de qui a répondu sont supprimés aussi, et les résultats "
    "déjà affichés restent.",
    "proved": "On vérifie alors que les réponses ne peuvent plus être ouvertes ; le constat est consigné et signé.",
    # What remains possible.
    "batch_of_a_code": "Quiconque lit la base de données peut voir qui a répondu, et dans quel lot scellé ; un lot "
    "contient ce qui est arrivé au même instant, souvent les réponses d'une seule personne, si bien que quiconque "
    "détient aussi toutes les clés avant la destruction peut dire de qui elles sont.",
    "all_keys": "Quiconque détient la base de données et toutes les clés avant la destruction, ou en a gardé une "
    "copie complète, peut lire les réponses, sans les noms, et reconnaître une personne qui est seule de son groupe à "
    "être invitée.",
    "all_keys_coarse": "Quiconque détient la base de données et toutes les clés avant la destruction, ou en a gardé "
    "une copie complète, peut lire les réponses, sans les noms ; le groupe à lui seul ne fait reconnaître personne, "
    "puisque chacun compte au moins {k:# personne invitée|# personnes invitées}.",
    "order_or_links": "Avec la base de données et toutes les clés, une personne peut aussi être reconnue si quelqu'un "
    "a noté quand, ou après qui, elle a répondu, ou si l'expéditeur de son lien personnel l'a gardé.",
    "shared_answers": "Un résultat partagé par tout un groupe se sait de chacun de ses membres, et quiconque raconte "
    "ce qu'il a répondu l'a révélé.",
    "joint_audiences": "Les campagnes de votre organisation qui posent les mêmes questions à moins de 90 jours "
    "d'intervalle sont jugées ensemble, pour que leurs publics, mis côte à côte, n'isolent pas moins de {k:# "
    "personne|# personnes}.",
    "waves_compared": "Les résultats de vagues ou de campagnes différentes ne sont pas jugés ensemble, groupe par "
    "groupe, pas plus que les publics de campagnes qui interrogent selon les mêmes règles : mis côte à côte, ils "
    "peuvent dire quelque chose d'un petit groupe, ou de personnes arrivées ou parties, pour autant que les autres "
    "aient répondu de même les deux fois.",
    "altered_database": "Quiconque peut écrire dans la base de données peut, sans aucune clé, déplacer des personnes "
    "d'une unité à l'autre avant l'ouverture d'une vague, et choisir ainsi qui elle interroge, choisir "
    "de quelles réponses sont faits les résultats affichés avant la clôture, ou supprimer des réponses sans que cela "
    "se voie, avec la trace qu'elles ont été données ; il ne peut ni en lire ni en ajouter.",
    "who_answered_known": "Quiconque lit la base de données sait qui a répondu, mais non ce qui a été répondu.",
    "keys_without_names": "Quiconque détient toutes les clés avant la destruction de celle de la vague peut lire les "
    "réponses, sans les noms.",
    "shared_by_group": "Un résultat partagé par tout un groupe se sait de chacun de ses membres.",
    # What holds it together.
    "fingerprints": "Le contrat contient aussi {n:une empreinte|des empreintes} {things}, pour que rien de cela ne "
    "puisse être remplacé sans que cela se voie.",
    "of_questionnaire": "du questionnaire",
    "of_roster": "de la liste des personnes invitées",
    "of_groups": "des groupes",
    "of_rules": "des règles de la campagne",
    "sealed": "Les réponses sont scellées dès leur arrivée avec la clé que le contrat indique, qui peut fermer et ne "
    "peut pas ouvrir.",
}


def _printed(template: str) -> str:
    """With the apostrophes and the spaces that do not break of French print."""
    return re.sub(r" (?=[:;?!%])", _NO_BREAK, template.replace("'", "\u2019"))


FRENCH = Words(
    code="fr",
    sentences={name: _printed(template) for name, template in _SENTENCES.items()},
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    day="{day} {month} {year}, {clock}",
    first="1er",
    quotes=(f"«{_NO_BREAK}", f"{_NO_BREAK}»"),
    thousands="\u202f",
    is_one=lambda value: value < 2,  # noqa: PLR2004 - none takes the singular in French
)  # fmt: skip
