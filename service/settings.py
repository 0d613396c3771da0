"""Every setting, in one frozen tree; the only reader of the environment.

`POULS_DATABASE_URL` is `database.url`: the group is the first word after the prefix.
"""

import tempfile
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(_Group):
    url: SecretStr | None = Field(None, description="PostgreSQL 15 or newer; absent: the embedded one in `data.dir`")
    pool_size: int = Field(8, ge=1, le=200, description="connections held by one process")
    pool_wait_s: float = Field(2.0, gt=0, le=60, description="longest wait for a connection before answering 503")
    connect_timeout_s: float = Field(5.0, gt=0, le=60)
    statement_timeout_s: float = Field(30.0, gt=0, le=3600, description="longest statement of a request")


class DataSettings(_Group):
    dir: Path = Field(Path("pouls-data"), description="embedded PostgreSQL and its credentials live here")


class KeysSettings(_Group):
    dir: Path | None = Field(None, description="key folder, `api/` and `work/` inside; default: `data.dir`/keys")


class HttpSettings(_Group):
    host: str = Field("127.0.0.1", max_length=255, description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="0: any free port")
    metrics_host: str = Field("127.0.0.1", max_length=255, description="address of the metrics listener")
    metrics_port: int | None = Field(None, ge=0, le=65535, description="private listener for /metrics; absent: none")
    public_url: str | None = Field(None, pattern=r"^https?://", description="base of the participation links")


class IntakeSettings(_Group):
    batch_limit: int = Field(512, ge=1, le=10_000, description="answers sealed together at most")
    queue_limit: int = Field(10_000, ge=1, description="answers waiting for a commit; beyond: 503")
    connections: int = Field(2, ge=1, le=50, description="group commits under way at once")


class WorkerSettings(_Group):
    poll_s: float = Field(0.25, gt=0, le=60, description="pause between two looks for due work")
    spare_wave_keys: int = Field(4, ge=1, le=100, description="key pairs made ahead for each tenant")


class LimitsSettings(_Group):
    requests_a_minute: int = Field(3000, ge=1, le=1_000_000, description="of one API key, its access tokens included")
    tokens_a_minute: int = Field(30, ge=1, le=1_000_000, description="access tokens that one API key is given")
    url: SecretStr | None = Field(
        None, description="redis://...: count for all API processes together; absent: each for itself"
    )


class WebhooksSettings(_Group):
    timeout_s: float = Field(15.0, gt=0, le=30, description="longest wait for a receiver, from look-up to answer")
    allow_http: bool = Field(default=False, description="also send to http://, in a network of your own")
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks that are not public and may be sent to, such as 10.20.0.0/16"
    )


class ReadsSettings(_Group):
    dir: Path | None = Field(None, description="where files of results are kept for a while; default: temporary files")
    files_mib: int = Field(512, ge=16, le=1 << 20, description="room for them; each is gone after an hour")
    answers_mib: int = Field(64, ge=1, le=1 << 14, description="memory for answers about results that are given again")
    known_s: float = Field(
        2.0,
        ge=0,
        le=5,
        description="how long a key and a release are taken for what they were; 0: no answer is kept",
    )


class RetentionSettings(_Group):
    audit_days: int = Field(1095, ge=365, le=3650, description="audit log, and proofs that somebody was erased")
    reads_days: int = Field(365, ge=30, le=1095, description="who read what")
    history_days: int = Field(730, ge=90, le=3650, description="where people and units were before; reorganisations")
    left_days: int = Field(730, ge=30, le=3650, description="people who have left; then they are erased")


class LogSettings(_Group):
    level: str = Field("info", pattern="^(debug|info|warning|error)$")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="POULS_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
    )

    database: DatabaseSettings = DatabaseSettings()
    data: DataSettings = DataSettings()
    keys: KeysSettings = KeysSettings()
    http: HttpSettings = HttpSettings()
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    limits: LimitsSettings = LimitsSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    reads: ReadsSettings = ReadsSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _keys_stay_out_of_the_cluster(self) -> Self:
        # A copy of the database folder must never carry the keys along.
        if self.keys_dir.resolve().is_relative_to((self.data.dir / "pg").resolve()):
            raise ValueError("keys.dir must not lie inside the database folder")
        return self

    @property
    def keys_dir(self) -> Path:
        return self.keys.dir if self.keys.dir is not None else self.data.dir / "keys"


def runtime_root() -> Path:
    """Where short-lived private folders go; short, since a socket's path may not exceed 107 bytes."""
    return Path(tempfile.gettempdir())
