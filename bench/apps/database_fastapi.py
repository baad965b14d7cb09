"""FastAPI with SQLAlchemy's async session as a dependency, as its documentation has it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.apps import TEMPLATES, database


class Base(DeclarativeBase):
    """What the models have in common."""


class World(Base):
    """A row with a number."""

    __tablename__ = "world"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Fortune(Base):
    """A row with a message."""

    __tablename__ = "fortune"
    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]


def make(address: str, protocol: str) -> Any:
    """The ASGI application."""
    engine = create_async_engine(address.replace("sqlite:", "sqlite+aiosqlite:"))
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    templates = Jinja2Templates(directory=TEMPLATES)
    app = FastAPI(openapi_url=None)

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    @app.get("/world")
    async def world(db: Annotated[AsyncSession, Depends(session)]) -> Any:
        row = await db.get(World, database.random_id())
        assert row is not None
        return {"id": row.id, "number": row.number}

    @app.get("/fortunes", response_class=HTMLResponse)
    async def fortunes(request: Request, db: Annotated[AsyncSession, Depends(session)]) -> Any:
        rows = [(row.id, row.message) for row in await db.scalars(sa.select(Fortune))]
        return templates.TemplateResponse(request, "fortunes.html", {"rows": database.completed(rows)})

    return app
