"""What saying how a directory is read refuses."""

from service.problems import Conflict


class GroupsInUse(Conflict):
    """What Groups are can not change while there are some: to the directory they would be gone.

    `groups` says how many there are; of a dimension, those that a User is in. Take them away by SCIM first, or choose
    another `source` while there are no Users.
    """

    slug, title = "scim-groups-in-use", "There are Groups by the present mapping"
