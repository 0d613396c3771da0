"""A contract's sentences in English. Apostrophes are written plain here and come out as they are printed."""

from service.campaigns.promises.words import Words

_SENTENCES = {
    "and": "{before} and {last}",
    "or": "{before} or {last}",
    "then": "{before}; {last}",
    "others": "{n:# other|# others}",
    # Who asks whom, and when.
    "campaign": "Your organisation asks these questions in the campaign {name}; each of its waves has a contract of "
    "its own, which repeats these rules and adds when it opens and closes and how many people are invited.",
    "wave": "Your organisation invites you to take part in wave {number} of the campaign {name}.",
    "units": "Those asked are the people in the {n:unit|units} {units} and in all units below (codes of the source "
    "{source}).",
    "units_counted": "Those asked are the people in {n:# unit|# units} of the organisation and in all units below.",
    "held": "Among them, only those whose {dimension} is {values} are asked; where it is not known, the person is not "
    "asked.",
    "hired_between": "Among them, only those are asked who were hired at least {least:# day|# days} and at most "
    "{most:# day|# days} before the day on which a wave opens; where the date is not known, the person is not asked.",
    "hired_at_least": "Among them, only those are asked who were hired at least {least:# day|# days} before the day "
    "on which a wave opens; where the date is not known, the person is not asked.",
    "hired_at_most": "Among them, only those are asked who were hired at most {most:# day|# days} before the day on "
    "which a wave opens; where the date is not known, the person is not asked.",
    "roster": "{invited:# person is|# people are} invited to this wave; the list is frozen, and whoever joins later "
    "is not on it.",
    "times_both": "Answers are accepted from {opens} until {closes}.",
    "times_opens": "Answers are accepted from {opens} until your organisation closes the wave.",
    "times_closes": "Answers are accepted until {closes}.",
    "times_none": "Answers are accepted until your organisation closes the wave.",
    "times_move": "Until it closes, your organisation may bring the closing forward or put it off; a wave that has "
    "closed is never opened again.",
    "times_closed": "A wave that has closed is never opened again.",
    "openings": "Not all sites begin at the same moment; by the time zone of their site, people may answer from: "
    "{openings}.",
    "opening": "{zone}, {moment}",
    # Who can see what.
    "aggregate_readers": "Results are read by whoever holds a key of your organisation with the right to read results "
    "of groups; nobody is given the answers of a single person.",
    "named_recipients": "Results are read by {names}, with access that was made for them; no other access of your "
    "organisation opens them, and nobody is given the answers of a single person.",
    "mean": "A mean or a score is shown only for groups in which at least {k:# person|# people} answered.",
    "distribution": "How many people chose which answer, like any share of answers, is shown only for groups in which "
    "at least {k:# person|# people} answered.",
    "sensitive": "For a sensitive question, nothing is shown for groups in which fewer than {k:# person|# people} "
    "answered.",
    "sensitive_both": "For a sensitive question, a mean is shown only for groups in which at least {mean:# person|# "
    "people} answered, and how many chose which answer only from {distribution} on.",
    "promise": "No calculation with everything that is shown of a wave, however it adds and subtracts, leads to the "
    "answers of a group smaller than that; where need be, figures of larger groups are withheld for this.",
    "pooled": "These numbers do not allow for colleagues who put their own answers together: they can know more than "
    "a reader does.",
    "collusion": "All these numbers include {t:# person|# people} on top, so that the same holds even where {t:a "
    "member of a group makes use of their own answer|up to # members of a group put their own answers together}.",
    "org": "Results are shown for the units of the organisation, each with all units below it.",
    "breakdowns": "Within each unit they are also shown {breakdowns}.",
    "by": "by {name}",
    "by_two": "by {first} and {second} together",
    "values": "{n:The only value|The values} of {dimension} {n:is|are} {values}.",
    # How one takes part, and what is known of it.
    "ways": "You can take part {ways}.",
    "links": "by a personal link",
    "kiosk": "with a short code that you type at a shared device",
    "intranet": "from the intranet (which tells Pouls who you are)",
    "sign_in": "with the company's sign-in (which tells Pouls who you are)",
    "once": "Each person answers once; what was sent can be neither changed nor taken back.",
    "recorded": "It is recorded that you have answered, apart from your answers and without the time; what you "
    "answered is not recorded under your name.",
    "rates": "Your organisation sees how many have answered by unit: in coarse steps, for units that are large "
    "enough, looked at once a day at most and only when {k} more people have answered.",
    "reminders": "Reminders are possible: once at least {k:# person has|# people have} answered and at least {k} have "
    "not, your organisation is given the links of those who had not answered by then; whoever sends reminders "
    "therefore knows who they are.",
    "no_reminders": "The list of those who have not answered is given to nobody: a reminder can only go to everybody.",
    "unrecorded": "Nothing that is stored tells who has answered: the codes in the links are drawn at random and "
    "handed out once, a lost link can not be replaced, and a reminder can only go to everybody.",
    "unrecorded_links": "Only whoever sent the links and kept them could see, in the database itself, which of them "
    "were used.",
    "tried": "While the wave is open, whoever holds a person's link, or may ask for their code, can answer in their "
    "place: so they learn whether this person had answered already, and a result then holds fewer people's own answers "
    "than it says.",
    # Which questions, and how often.
    "questionnaire": "The questions are those of the questionnaire {key}, version {version}; they can not be changed "
    "any more.",
    "whole": "The whole questionnaire is asked.",
    "drawn": "A wave asks at most {length:# question|# questions} of it, drawn by lot from a number that stands in "
    "the contract: nobody chooses.",
    "anchors": "{n:One question is|# questions are} asked in every wave: {items}.",
    "turns": "Each of its questions comes once before any comes again.",
    "turns_others": "Of the others, each comes once before any comes again.",
    "cadence": "Of these subjects one question at a time is asked: {drivers}; of other subjects none.",
    "driver": "{name} {every:in every wave|in one wave of #}",
    "cadence_turns": "Within a subject, each question comes once before any comes again.",
    "items": "This wave asks {n:this question|these # questions}: {items}.",
    "sampling": "Not everybody is asked each time: a person's turn comes at least once in {every:# wave|# waves}.",
    "sampling_how": "Whose turn it is, is drawn by lot from a number that stands in the contract, part by part of a "
    "unit, and a small unit is asked whole: nobody chooses; where people join or leave, or a wave would ask too few, "
    "somebody's turn may come sooner, in a small organisation even each time, or be left out.",
    "burden": "Whoever has already been invited {most:once|# times} in the {days:last day|last # days}, by all "
    "campaigns of the organisation together, is left out; for this it is kept on which days each person was invited, "
    "but not to what.",
    # What is shown when.
    "interim": "While the wave is open, results are shown {n:once|# times} at most, {hours} {last:hour|hours} after "
    "the opening; each time they are judged together with all that was shown before, and in between nothing changes.",
    "no_interim": "No result is shown before the wave has closed.",
    "recuts": "After the results, other groupings of the same people may be shown, made of the groups by which they "
    "were counted from the start, as long as no combination of everything that was shown describes a group that is "
    "too small.",
    "no_recuts": "No other groups are shown, now or later.",
    "comments": "What people write in their own words is shown only for groups of at least {k:# author|# authors}, by "
    "units, shuffled, without a date and never beside the same person's other answers.",
    "cleaned": "E-mail addresses, telephone numbers, long numbers and names of invited people are taken out of it, "
    "but not nicknames, misspelt names or descriptions: name neither yourself nor anybody else.",
    "no_comments": "What people write in their own words is not published and stays sealed until it is destroyed; the "
    "smallest number of {k:# author|# authors} that the contract names for it therefore has no effect.",
    "coarse": "The groups by which answers are counted are made general enough, before the wave opens, for each to "
    "have at least {k:# invited person|# invited people}; small units and rare values are then not shown.",
    # Of one person's team.
    "team_shares": "Your team, {unit}, has {n} people in this survey: its results appear only if at least {k} of them "
    "answer, and how many chose which answer only if at least {more} do.",
    "team_means": "Your team, {unit}, has {n} people in this survey: its results appear only if at least {k} of them "
    "answer, and how many chose which answer is not shown for so few.",
    "team_small": "Your team, {unit}, has {n:# person|# people} in this survey: too few for results of its own. Your "
    "answers count in those of {above}, which has {m} people.",
    "team_alone": "Your team, {unit}, has {n:# person|# people} in this survey: too few for results, and there is no "
    "larger group to show them in.",
    "team_compared": "Results are chosen so that no sum or difference of them describes fewer than {k} people.",
    # How long it is kept.
    "kept_days": "The key that opens the answers is destroyed {days:# day|# days} after the closing, or sooner if "
    "your organisation asks for it once the results are made.",
    "kept_not": "The key that opens the answers is destroyed as soon as the results are made.",
    "destroyed": "From then on nobody can open them, not even with an old copy of the database; the list of those "
    "invited and what is kept of who answered go as well, and the results that were shown stay.",
    "proved": "That the answers can not be opened any more is then tried, written down and signed.",
    # What remains possible.
    "batch_of_a_code": "Whoever reads the database can see who has answered, and in which sealed batch; a batch holds "
    "what arrived in the same moment, often the answers of one person alone, so that whoever also holds every key "
    "before the destruction can tell whose they are.",
    "all_keys": "Whoever holds the database and every key before the destruction, or kept copies of all of it, can "
    "read the answers, without names, and recognise a person who is the only one invited in their group.",
    "all_keys_coarse": "Whoever holds the database and every key before the destruction, or kept copies of all of it, "
    "can read the answers, without names; by the group alone they recognise nobody, as each has at least {k:# invited "
    "person|# invited people}.",
    "order_or_links": "With the database and every key, a person can also be recognised if somebody noted when, or "
    "after whom, they answered, or if whoever sent them their personal link has kept it.",
    "shared_answers": "A result that a whole group shares tells it of each of its members, and whoever tells others "
    "what they answered has given it away.",
    "joint_audiences": "Campaigns of your organisation that ask the same within 90 days are judged together, so that "
    "their audiences do not single out fewer than {k:# person|# people}.",
    "waves_compared": "Results of different waves or campaigns are not judged together, group by group, nor are the "
    "audiences of campaigns that ask by the same rules: set side by side, they may say something of a small group, or "
    "of those who came or went, as far as the others answered alike both times.",
    "altered_database": "Whoever can write to the database can, without any key, move people from unit to unit before "
    "a wave opens, and so choose whom it asks, choose which answers results before the closing are made of, or "
    "delete answers unnoticed, together with the record that they were given; they can neither read answers nor add "
    "any.",
    "who_answered_known": "Who has answered is known to whoever reads the database; what they answered is not.",
    "keys_without_names": "Whoever holds every key before the wave's key is destroyed can read answers, without names.",
    "shared_by_group": "A result that a whole group shares tells it of each of its members.",
    # What holds it together.
    "fingerprints": "The contract also holds {n:a fingerprint|fingerprints} of {things}, so that none of it can be "
    "exchanged without its being noticed.",
    "of_questionnaire": "the questionnaire",
    "of_roster": "the list of those invited",
    "of_groups": "the groups",
    "of_rules": "the campaign's rules",
    "sealed": "Answers are sealed on arrival with the key that the contract names, which can close and can not open.",
}

ENGLISH = Words(
    code="en",
    sentences={name: template.replace("'", "\u2019") for name, template in _SENTENCES.items()},
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    day="{day} {month} {year}, {clock}",
    first="1",
    quotes=("\u201c", "\u201d"),
    thousands=",",
    is_one=lambda value: value == 1,
)  # fmt: skip
