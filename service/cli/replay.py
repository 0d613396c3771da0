class ReplayFailed(Exception):
    pass


def replay() -> None:
    pass
