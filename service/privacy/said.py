"""What a person is told about their answers, in English and French. Pure.

Campaigns differ: some keep a record of who has answered, some do not. None keeps whose an answer is. Apostrophes and
spaces are written plain here and come out as they are printed.
"""

from datetime import date

from service.campaigns.promises.words_en import ENGLISH
from service.campaigns.promises.words_fr import FRENCH

_WORDS = {"en": ENGLISH, "fr": FRENCH}
_ABOUT = {
    "en": """
        This is everything that Pouls holds under your identity. It asks for no e-mail address, and for your name only
        where your organisation publishes comments, in order to take it out of them; a company directory that is
        connected may send more.

        Your answers are not in it. They are stored sealed, without a name, a code or a time, mixed with those of
        others, and nothing in the database leads from you to them. They can therefore be neither shown to you, nor
        corrected, nor deleted one by one: neither by your organisation nor by whoever runs the service.

        Results that were published describe groups and hold no person's answer; they stay.
    """,
    "fr": """
        Voici tout ce que Pouls conserve à votre sujet. Il ne demande pas d'adresse électronique, et ne demande votre
        nom que si votre organisation publie des commentaires, afin de l'en retirer ; un annuaire d'entreprise
        raccordé peut transmettre davantage de données.

        Vos réponses n'y figurent pas. Elles sont conservées scellées, sans nom, sans code et sans heure, mêlées à
        celles des autres, et rien dans la base de données ne permet de remonter de vous à elles. Elles ne peuvent donc
        être ni montrées, ni rectifiées, ni effacées une à une, que ce soit par votre organisation ou par l'exploitant
        du service.

        Les résultats publiés décrivent des groupes et ne contiennent la réponse d'aucune personne ; ils sont conservés.
    """,
}
_ERASED = {
    "en": """
        The person's row goes, with their history, the days on which they were invited and their kiosk codes. On the
        lists of waves that are over, a line without name or identifier takes their place: it is needed so that no
        result changes, and is deleted with the wave's key.

        Their answers can not be found, by anybody, and so can not be erased one by one. They become unreadable when
        the wave's key is destroyed.

        While a wave that invites them is open, or has no result yet, the erasure waits for it: without their line,
        nobody could tell any more that the list of those invited is the one that was promised. It is then done
        without anybody asking again.

        What your HR system sends again is stored again: take the person out there first. Backups of the database
        hold them until you delete those.
    """,
    "fr": """
        La fiche de la personne disparaît, avec son historique, les jours où elle a été invitée et ses codes de borne.
        Sur les listes des vagues terminées, une ligne sans nom ni identifiant la remplace : elle est nécessaire pour
        qu'aucun résultat ne change, et elle est supprimée en même temps que la clé de la vague.

        Personne ne peut retrouver ses réponses, ni donc les effacer une à une. Elles deviennent illisibles quand la
        clé de la vague est détruite.

        Tant qu'une vague à laquelle elle est invitée est ouverte, ou n'a pas encore de résultat, l'effacement attend
        la fin de cette vague : sans la ligne de la personne, on ne pourrait plus vérifier que la liste des invités est
        bien celle qui a été promise. Il a lieu ensuite, sans qu'il faille le redemander.

        Ce que votre SIRH transmet de nouveau est de nouveau enregistré : retirez-en d'abord la personne. Les
        sauvegardes de la base contiennent ses données jusqu'à ce que vous les supprimiez.
    """,
}
_RECORDED = {
    "en": "It is recorded whether your code was used, apart from the answers.",
    "fr": "Le fait que votre code ait servi ou non est enregistré, séparément des réponses.",
}
_UNRECORDED = {
    "en": "Nothing that is stored tells whether you answered.",
    "fr": "Rien de ce qui est conservé ne dit si vous avez répondu.",
}
_UNTIL = {
    "en": "Until {end}, whoever holds the database and every key could read the answers, without names, and recognise "
    "yours in the cases that the contract names; then the key is destroyed, and nobody can any more.",
    "fr": "Jusqu'{end}, quiconque détiendrait la base et toutes les clés pourrait lire les réponses, sans les noms, et "
    "reconnaître les vôtres dans les cas qu'indique le contrat ; la clé est ensuite détruite, et plus personne ne le "
    "peut.",
}
_AFTER_CLOSING = {
    "en": ("{days} days after the closing", "one day after the closing", "the results are made"),
    "fr": ("à {days} jours après la clôture", "à un jour après la clôture", "au calcul des résultats"),
}
_ON = {"en": "{day}", "fr": "au {day}"}


def about() -> dict[str, list[str]]:
    """What goes with an export, by language."""
    return {language: _sentences(text) for language, text in _ABOUT.items()}


def erased() -> dict[str, list[str]]:
    """What goes with an erasure, by language."""
    return {language: _sentences(text) for language, text in _ERASED.items()}


def about_answers(*, recorded: bool, days: int, ends_on: date | None) -> dict[str, str]:
    """What becomes of somebody's answers to a wave, by language.

    Args:
        recorded: whether who has answered is, by the contract.
        days: for which the key is kept after the closing.
        ends_on: the day on which it is destroyed; None: the wave has not closed yet.
    """
    first = _RECORDED if recorded else _UNRECORDED
    return {
        language: _printed(f"{first[language]} {_UNTIL[language].format(end=_end(language, days, ends_on))}")
        for language in _WORDS
    }


def _end(language: str, days: int, ends_on: date | None) -> str:
    if ends_on is not None:
        words = _WORDS[language]
        day = words.first if ends_on.day == 1 else str(ends_on.day)
        return _ON[language].format(day=f"{day} {words.months[ends_on.month - 1]} {ends_on.year}")
    many, one, none = _AFTER_CLOSING[language]
    return none if days == 0 else one if days == 1 else many.format(days=days)


def _sentences(text: str) -> list[str]:
    """Its paragraphs, each in one line."""
    return [_printed(" ".join(paragraph.split())) for paragraph in text.strip().split("\n\n")]


def _printed(text: str) -> str:
    spaced = text.replace(" ;", "\u00a0;").replace(" :", "\u00a0:")
    return spaced.replace("'", "\u2019")
