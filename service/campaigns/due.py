"""The jobs of campaigns and their waves, by the names that stand in the database."""

OPEN_WAVE = "open_wave"
CLOSE_WAVE = "close_wave"
RELEASE_WAVE = "release_wave"
DESTROY_KEY = "destroy_wave"
MAKE_KEYS = "wave_keys"
INTERIM_MARK = "interim_mark"
INTERIM_RELEASE = "interim_release"
