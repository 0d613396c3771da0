"""Rows of due work. The only table that the worker sees across tenants; it holds ids and times, no content."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, moment


class Job(TenantRow, table=True):
    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "subject_id"),
        Index("ix_job__due_at", "due_at"),
    )

    job_id: UUID = Field(primary_key=True)
    kind: str
    subject_id: UUID
    due_at: datetime = moment()
    attempts: int = 0
    last_problem: str | None = None
