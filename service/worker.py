"""The worker's due work: which kind of job is done by what. It alone is given the keys that open answers."""

from service.campaigns import actions, retention, wave_keys
from service.kit.clock import Clock
from service.kit.crypto import read_key
from service.kit.db import Database
from service.kit.jobs import Sweeper
from service.releases.build import releaser
from service.responses.seal import Seal
from service.settings import Settings


def create_sweeper(settings: Settings, database: Database, clock: Clock) -> Sweeper:
    """Raises KeyMissing where the key folder is not complete."""
    keys = wave_keys.WaveKeys(settings.keys_dir / "work")
    seal = Seal(read_key(settings.keys_dir / "api" / "intake.key"))
    handlers = {
        actions.OPEN_WAVE: actions.open_due,
        actions.CLOSE_WAVE: actions.close_due,
        actions.RELEASE_WAVE: releaser(keys, seal, clock),
        retention.JOB: retention.destroyer(keys, clock),
        wave_keys.JOB: wave_keys.maker(keys, settings.worker.spare_wave_keys, clock),
    }
    return Sweeper(database, handlers, clock)
