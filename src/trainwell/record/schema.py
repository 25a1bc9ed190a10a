"""The tables of the record's file, and how older files come to have them."""

from __future__ import annotations

__all__ = ["APPLICATION", "SCHEMAS"]

APPLICATION = int.from_bytes(b"trwl", "big")
"""SQLite's `application_id` of a record: tells it from the databases of other programs."""

SCHEMAS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        script TEXT NOT NULL,
        arguments TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL,
        exit_status INTEGER,
        error TEXT,
        steps INTEGER NOT NULL,
        machine TEXT NOT NULL,
        process INTEGER NOT NULL
    );
    CREATE TABLE facts (
        run INTEGER NOT NULL REFERENCES runs (key),
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, kind, number)
    );
    CREATE TABLE vitals (
        run INTEGER NOT NULL REFERENCES runs (key),
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        quantity TEXT NOT NULL,
        step INTEGER NOT NULL,
        value REAL
    );
    CREATE INDEX vitals_of_run ON vitals (run);
    CREATE TABLE notes (
        run INTEGER NOT NULL REFERENCES runs (key),
        position INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, position)
    );
    """,
    """
    CREATE TABLE treatments (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        script TEXT NOT NULL,
        plan TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL
    );
    CREATE TABLE trials (
        treatment INTEGER NOT NULL REFERENCES treatments (key),
        arm TEXT NOT NULL,
        seed INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        PRIMARY KEY (treatment, arm, seed)
    );
    """,
)
"""The script at index n leads from schema n to schema n + 1.

A new file passes through all of them, so that migrated files and new ones are the same. A script
that was released is never edited: append one. SQLite stores NaN as NULL and knows the infinities,
hence no NOT NULL on `value`.
"""
