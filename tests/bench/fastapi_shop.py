"""
Serve pets with FastAPI, SQLModel and aiosqlite, the way their tutorials teach it.

An async engine, one AsyncSession a request, a relationship for the tags, a response
model. It is given what a careful user would add: WAL, the full sync that our own store
has, a long busy timeout, uvloop, and no access log.
"""

import json
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import JSON, Column, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import Field, Relationship, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


class TagBase(SQLModel):
    """Share the fields of a tag."""

    name: str


class Tag(TagBase, table=True):
    """Store a tag."""

    id: int | None = Field(default=None, primary_key=True)
    pet_id: int | None = Field(default=None, foreign_key="pet.id", index=True)
    pet: "Pet" = Relationship(back_populates="tags")


class PetBase(SQLModel):
    """Share the fields of a pet."""

    name: str
    category: str | None = None
    status: str | None = Field(default=None, index=True)


class Pet(PetBase, table=True):
    """Store a pet."""

    id: int | None = Field(default=None, primary_key=True)
    photo_urls: list[str] = Field(default_factory=list, sa_column=Column(JSON))
    tags: list[Tag] = Relationship(
        back_populates="pet", sa_relationship_kwargs={"lazy": "selectin"}
    )


class PetCreate(PetBase):
    """Describe a pet to add."""

    photo_urls: list[str] = []
    tags: list[TagBase] = []


class PetRead(PetCreate):
    """Describe a pet of the shop."""

    id: int


def open_engine(path: str) -> AsyncEngine:
    """Return an engine on the file, with the settings of a careful user."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 60}
    )
    event.listen(engine.sync_engine, "connect", _configure)
    return engine


def seed(path: str, pet_count: int) -> None:
    """Create the tables, and pets 1 to `pet_count` with two tags each."""
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    pets = (
        (i, f"pet {i}", "Dogs", "available", '["https://example.com/a.jpg"]')
        for i in range(1, pet_count + 1)
    )
    tags = ((i // 2, f"tag {i % 7}") for i in range(2, 2 * pet_count + 2))
    with sqlite3.connect(path) as db:
        insert = "INSERT INTO pet (id, name, category, status, photo_urls)"
        db.executemany(f"{insert} VALUES (?, ?, ?, ?, ?)", pets)
        db.executemany("INSERT INTO tag (pet_id, name) VALUES (?, ?)", tags)
    db.close()


def make_app(engine: AsyncEngine) -> FastAPI:
    """Return the two routes that are measured."""
    app = FastAPI()
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)

    async def session_of_request() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    session_dep = Annotated[AsyncSession, Depends(session_of_request)]

    @app.get("/pet/{pet_id}", response_model=PetRead)
    async def get_pet(pet_id: int, session: session_dep) -> Pet:
        pet = await session.get(Pet, pet_id)
        if pet is None:
            raise HTTPException(404, "Pet not found")
        return pet

    @app.post("/pet", response_model=PetRead)
    async def add_pet(draft: PetCreate, session: session_dep) -> Pet:
        tags = [Tag.model_validate(tag) for tag in draft.tags]
        pet = Pet.model_validate(draft.model_dump(exclude={"tags"}))
        pet.tags = tags
        session.add(pet)
        await session.commit()
        await session.refresh(pet)
        return pet

    return app


def _configure(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


if __name__ == "__main__":
    app = make_app(open_engine(sys.argv[1]))
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(json.dumps({"url": url}), flush=True)
    settings = uvicorn.Config(app, loop="uvloop", access_log=False, log_level="warning")
    uvicorn.Server(settings).run(sockets=[listener])
