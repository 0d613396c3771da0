"""Figures of other organisations, as a tenant has uploaded them."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class Benchmark(TenantRow, table=True):
    """A set under its name; `figures` has by measure a `mean` and a `favourable` share, as text, where there is one."""

    __tablename__ = "benchmark"
    __table_args__ = (refers("tenant"),)

    benchmark: str = Field(primary_key=True)
    title: str
    figures: dict[str, Any] = document()
    updated_at: datetime = moment()
