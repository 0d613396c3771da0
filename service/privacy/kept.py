"""How long each table keeps its rows, why, and who ends it: the one list, in English and French. Pure.

A test holds every table to standing here, and the guides to showing just this. `{audit}`, `{reads}`, `{history}` and
`{left}` are days of the settings `retention`.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Text(NamedTuple):
    """The same in both languages."""

    en: str
    fr: str

    def said(self, language: str, days: Mapping[str, int]) -> str:
        text = (self.fr if language == "fr" else self.en).format_map(days)
        return text.replace("'", "\u2019").replace(" :", "\u00a0:").replace(" ;", "\u00a0;")


class Kept(NamedTuple):
    """A table's line.

    Attributes:
        table: its name.
        personal: whether rows are about people of the organisation.
        holds: what.
        kept: how long.
        reason: why so long.
        ended_by: the job or the call that deletes them, as it is called in the code or the API.
    """

    table: str
    personal: bool
    holds: Text
    kept: Text
    reason: Text
    ended_by: str


_WAVE_KEY = Text(
    "until the wave's key is destroyed: as many days after the closing as its contract says",
    "jusqu'à la destruction de la clé de la vague, dans le délai après clôture que fixe son contrat",
)
_TENANT = Text("until the tenant is deleted", "jusqu'à la suppression de l'organisation")
_ERASED = Text(
    "until the person is erased: when asked for, or {left} days after they have left",
    "jusqu'à l'effacement de la personne : sur demande, ou {left} jours après son départ",
)
_RESULTS = Text("results are compared over years", "comparer les résultats d'une année à l'autre")
_PROMISE = Text("what was promised can be proved", "prouver ce qui a été promis")
_ORDERLY = Text("the service works by it", "nécessaire au fonctionnement du service")
_HISTORY = Text("{history} days after it was replaced", "{history} jours après leur remplacement")
_IMPORTS = Text("30 days", "30 jours")
_UNDONE = Text("an import can be taken back", "pouvoir annuler un import")
_INVITING = Text("who is invited, and counted where", "savoir qui est invité et dans quel groupe il est compté")
_DESTROY, _DELETE, _RETENTION, _ERASE = "destroy_wave", "pouls tenants delete", "retention", "erase_person"

_PEOPLE, _THINGS = True, False

KEPT = (
    Kept("api_key", _THINGS, Text("keys of callers, as hashes", "clés d'accès, sous forme d'empreintes"), _TENANT,
         Text("who did what stays known", "savoir qui a fait quoi"), _DELETE),
    Kept("audit_entry", _THINGS, Text("administrative acts", "actes d'administration"),
         Text("{audit} days", "{audit} jours"), Text("accountability", "obligation de rendre compte"), _RETENTION),
    Kept("audit_link", _THINGS, Text("the chain that guards them", "la chaîne qui les protège"),
         Text("as long as the acts", "aussi longtemps que les actes"), Text("alterations are found",
         "déceler toute altération"),
         _RETENTION),
    Kept("benchmark", _THINGS, Text("figures of other organisations", "chiffres d'autres organisations"),
         Text("until the organisation deletes them", "jusqu'à leur suppression par l'organisation"), _RESULTS,
         "DELETE /v1/benchmarks/{benchmark}"),
    Kept("bi_login", _THINGS, Text("database logins of BI servers: names, no passwords",
         "comptes de base de données des outils de BI : noms, sans mots de passe"),
         Text("until somebody revokes them", "jusqu'à leur révocation"), _ORDERLY, "pouls bi revoke"),
    Kept("campaign", _THINGS, Text("campaigns and their contracts", "campagnes et contrats"), _TENANT, _PROMISE,
         _DELETE),
    Kept("campaign_rules", _THINGS, Text("the organisation's own rules", "règles propres à l'organisation"), _TENANT,
         _ORDERLY, _DELETE),
    Kept("dimension", _THINGS, Text("declared criteria and their values", "critères déclarés et leurs valeurs"),
         _TENANT,
         _ORDERLY, _DELETE),
    Kept("erasure", _PEOPLE, Text("that somebody was erased, by a keyed digest", "le fait qu'une personne a été "
         "effacée, sous forme d'empreinte à clé"),
         Text("{audit} days after it was done", "{audit} jours après l'effacement"),
         Text("proof that it was done", "prouver l'effacement"), _RETENTION),
    Kept("event", _THINGS, Text("what happened, for webhooks: ids and moments",
         "événements, pour les webhooks : identifiants et horodatages"), Text("30 days", "30 jours"),
         Text("receivers catch up", "permettre aux destinataires de rattraper leur retard"), "prune_events"),
    Kept("idempotent_reply", _THINGS, Text("replies to calls that may be sent again", "réponses aux appels "
         "susceptibles d'être renvoyés"), Text("24 hours", "24 heures"), Text("a call that is sent again is not done "
         "again", "ne pas exécuter deux fois un appel renvoyé"), "prune_replies"),
    Kept("import_mapping", _THINGS, Text("how files of people are read",
         "règles de lecture des fichiers de personnes"),
         _TENANT, _ORDERLY, _DELETE),
    Kept("invited_day", _PEOPLE, Text("on how many waves a person was invited on a day, not which",
         "à combien de vagues une personne a été invitée un jour donné, sans dire lesquelles"),
         Text("366 days", "366 jours"), Text("limits on invitations", "limiter le nombre d'invitations"), _DESTROY),
    Kept("job", _THINGS, Text("work that is due: ids and moments", "tâches à exécuter : identifiants et horodatages"),
         Text("until it is done", "jusqu'à leur exécution"), _ORDERLY, "worker"),
    Kept("org_unit", _PEOPLE, Text("units and their managers' ids", "unités et identifiants de leurs responsables"),
         _TENANT, _INVITING, _DELETE),
    Kept("org_unit_version", _PEOPLE, Text("what units were before", "états antérieurs des unités"), _HISTORY,
         Text("results are read by the tree of their time", "lire les résultats selon l'organigramme de l'époque"),
         _RETENTION),
    Kept("participation_snapshot", _PEOPLE, Text("who had answered when it was last looked at", "qui avait répondu "
         "lors du dernier relevé"), _WAVE_KEY, Text("participation rates, reminders",
         "établir les taux de participation, envoyer les relances"), _DESTROY),
    Kept("people_import", _THINGS, Text("imports and what they changed, in numbers",
         "imports et leurs effets, en chiffres"), _IMPORTS, _UNDONE, "prune_import"),
    Kept("people_import_line", _PEOPLE,
         Text("how people were before an import", "l'état des personnes avant un import"),
         _IMPORTS, _UNDONE, "prune_import"),
    Kept("people_import_part", _PEOPLE, Text("whom an import changed", "fiches modifiées par un import"), _IMPORTS,
         _UNDONE, "prune_import"),
    Kept("people_import_unit", _THINGS, Text("units that an import made", "unités créées par un import"), _IMPORTS,
         _UNDONE, "prune_import"),
    Kept("person", _PEOPLE, Text("people: id, unit, criteria, language; name where comments are shown",
         "personnes : identifiant, unité, critères, langue ; nom si des commentaires sont publiés"), _ERASED, _INVITING,
         _ERASE),
    Kept("person_version", _PEOPLE, Text("where people were before", "affectations antérieures des personnes"),
         _HISTORY, Text("corrections of the past by the HR system", "corrections rétroactives du SIRH"), _RETENTION),
    Kept("project_member", _PEOPLE, Text("who is in which project", "qui participe à quel projet"), _ERASED, _INVITING,
         _ERASE),
    Kept("questionnaire", _THINGS, Text("questionnaires", "questionnaires"), _TENANT, _RESULTS, _DELETE),
    Kept("questionnaire_draft", _THINGS, Text("drafts", "brouillons"), Text("until they are published or deleted",
         "jusqu'à leur publication ou leur suppression"), Text("work under way", "travail en cours"),
         "DELETE /v1/questionnaire-drafts/{id}"),
    Kept("questionnaire_version", _THINGS, Text("their versions", "leurs versions"), _TENANT, _RESULTS, _DELETE),
    Kept("read_access", _THINGS, Text("who read what, counted by day", "qui a consulté quoi, décompté par jour"),
         Text("{reads} days", "{reads} jours"), Text("misuse is found", "déceler les abus"), _RETENTION),
    Kept("recut", _THINGS, Text("other groupings that were asked for", "autres regroupements demandés"), _TENANT,
         _PROMISE, _DELETE),
    Kept("release", _THINGS, Text("results", "résultats"), _TENANT, _RESULTS, _DELETE),
    Kept("release_cell", _THINGS, Text("figures of groups", "chiffres par groupe"), _TENANT, _RESULTS, _DELETE),
    Kept("release_certificate", _THINGS, Text("signed proofs", "preuves signées"), _TENANT, _PROMISE, _DELETE),
    Kept("release_comment", _PEOPLE, Text("comments as they are shown, cleaned, without author",
         "commentaires publiés, nettoyés, sans auteur"), _TENANT, _RESULTS, _DELETE),
    Kept("release_measure", _THINGS, Text("what was measured", "ce qui a été mesuré"), _TENANT, _RESULTS, _DELETE),
    Kept("release_participation", _THINGS, Text("how many took part by unit, in steps",
         "taux de participation par unité, par paliers"), _TENANT, _RESULTS, _DELETE),
    Kept("release_unit", _THINGS, Text("the units of a result", "les unités d'un résultat"), _TENANT, _RESULTS,
         _DELETE),
    Kept("reorganisation", _PEOPLE, Text("reorganisations and the people whom they move",
         "réorganisations et personnes "
         "qu'elles déplacent"), Text("{history} days after their day", "{history} jours après leur date"),
         Text("moves can be explained", "expliquer les mouvements"), _RETENTION),
    Kept("roster_line", _PEOPLE, Text("who is invited to a wave", "qui est invité à une vague"), _WAVE_KEY, _INVITING,
         _DESTROY),
    Kept("scim_mapping", _THINGS, Text("how the directory is read", "règles de lecture de l'annuaire"), _TENANT,
         _ORDERLY, _DELETE),
    Kept("scim_user", _PEOPLE, Text("what a directory sent of a person",
         "ce qu'un annuaire a transmis sur une personne"),
         Text("until the directory deletes them or the person is erased", "jusqu'à suppression par l'annuaire ou "
         "effacement de la personne"), Text("the directory finds its own again", "permettre à l'annuaire de "
         "retrouver ses données"),
         "DELETE /scim/v2/Users/{id}"),
    Kept("sealed_batch", _PEOPLE, Text("answers, sealed, without names", "réponses scellées, sans nom"), _WAVE_KEY,
         Text("results, and other groupings of them", "établir les résultats et d'autres regroupements"), _DESTROY),
    Kept("short_code", _PEOPLE, Text("kiosk codes, as MACs", "codes de borne, sous forme de MAC"), _WAVE_KEY,
         Text("people take part by them", "permettre la participation"), _DESTROY),
    Kept("skipped_wave", _THINGS, Text("waves that did not open, and why",
         "vagues qui n'ont pas été ouvertes, et pourquoi"),
         _TENANT, _ORDERLY, _DELETE),
    Kept("spent_code", _PEOPLE, Text("which codes were used", "quels codes ont servi"), _WAVE_KEY,
         Text("everybody answers once", "n'accepter qu'une réponse par personne"), _DESTROY),
    Kept("tenant", _THINGS, Text("the organisation's name", "le nom de l'organisation"), _TENANT, _ORDERLY, _DELETE),
    Kept("unit_lineage", _THINGS, Text("what became of units", "ce que les unités sont devenues"), _TENANT, _RESULTS,
         _DELETE),
    Kept("wave", _THINGS, Text("waves and their contracts", "vagues et contrats"), _TENANT, _PROMISE, _DELETE),
    Kept("wave_class", _PEOPLE, Text("groups by which people are counted", "groupes servant au décompte"),
         _WAVE_KEY,
         _INVITING, _DESTROY),
    Kept("wave_destruction", _THINGS, Text("signed proofs of destruction", "preuves de destruction signées"), _TENANT,
         _PROMISE, _DELETE),
    Kept("wave_key", _THINGS, Text("one half of each wave's key; emptied at its destruction", "une moitié de la clé de "
         "chaque vague ; effacée lors de sa destruction"), _TENANT, _PROMISE, _DELETE),
    Kept("wave_part", _THINGS, Text("which interim results there were",
         "liste des résultats intermédiaires établis"),
         _TENANT, _PROMISE, _DELETE),
    Kept("wave_unit", _THINGS, Text("the org tree as a wave froze it", "l'organigramme figé par une vague"), _TENANT,
         _RESULTS, _DELETE),
    Kept("webhook_delivery", _THINGS, Text("what was sent to whom, and how that went", "envois, leurs destinataires "
         "et leur issue"), Text("as long as its event", "aussi longtemps que l'événement"),
         Text("what failed can be sent again", "pouvoir répéter un envoi échoué"), "prune_events"),
    Kept("webhook_endpoint", _THINGS, Text("receivers of webhooks", "destinataires des webhooks"),
         Text("until somebody deletes them", "jusqu'à leur suppression"), _ORDERLY,
         "DELETE /v1/webhook-endpoints/{id}"),
)  # fmt: skip

_HEADS = {
    "en": ("Table", "holds", "about people", "kept", "because", "ended by"),
    "fr": ("Table", "contient", "concerne des personnes", "conservation", "motif", "effacement par"),
}
_YES = {"en": ("yes", "no"), "fr": ("oui", "non")}


def as_markdown(language: str, days: Mapping[str, int]) -> str:
    """The list as the guide of a language shows it."""
    return "\n".join(_rows(language, days))


def _rows(language: str, days: Mapping[str, int]) -> Iterator[str]:
    yield f"| {' | '.join(_HEADS[language])} |"
    yield "|---" * len(_HEADS[language]) + "|"
    for one in KEPT:
        yes, no = _YES[language]
        said = (one.holds, one.kept, one.reason)
        holds, kept, reason = (text.said(language, days) for text in said)
        personal = yes if one.personal else no
        yield f"| `{one.table}` | {holds} | {personal} | {kept} | {reason} | `{one.ended_by}` |"
