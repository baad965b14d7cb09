-- A bottle is a label: one wine of one vintage. How many there are is the number of slots it lies in,
-- so stock and racks cannot disagree, and no place can hold two.

CREATE TABLE IF NOT EXISTS person (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    joined_at     TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS rack (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE COLLATE NOCASE,
    shelves INTEGER NOT NULL CHECK (shelves BETWEEN 1 AND 12),
    places  INTEGER NOT NULL CHECK (places BETWEEN 1 AND 16)
);

CREATE TABLE IF NOT EXISTS bottle (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    producer    TEXT NOT NULL,
    vintage     INTEGER,
    colour      TEXT NOT NULL CHECK (colour IN ('red', 'white', 'rose', 'sparkling', 'sweet')),
    region      TEXT NOT NULL,
    country     TEXT NOT NULL,
    grapes      TEXT NOT NULL DEFAULT '',
    price_cents INTEGER CHECK (price_cents >= 0),
    drink_from  INTEGER,
    drink_until INTEGER,
    story       TEXT NOT NULL DEFAULT '',
    photo       TEXT UNIQUE
);

CREATE TABLE IF NOT EXISTS slot (
    rack_id   INTEGER NOT NULL REFERENCES rack (id),
    shelf     INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    bottle_id INTEGER NOT NULL REFERENCES bottle (id) ON DELETE CASCADE,
    PRIMARY KEY (rack_id, shelf, place)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS slot_by_bottle ON slot (bottle_id);

CREATE TABLE IF NOT EXISTS tasting (
    id        INTEGER PRIMARY KEY,
    bottle_id INTEGER NOT NULL REFERENCES bottle (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    rating    INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    note      TEXT NOT NULL,
    tasted_at TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS tasting_by_bottle ON tasting (bottle_id);

-- The subject is copied, so that the story stays readable when a bottle is removed.
CREATE TABLE IF NOT EXISTS activity (
    id        INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person (id),
    verb      TEXT NOT NULL CHECK (verb IN ('added', 'shelved', 'opened', 'changed', 'removed', 'built')),
    subject   TEXT NOT NULL,
    bottle_id INTEGER REFERENCES bottle (id) ON DELETE SET NULL,
    at        TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS cheer (
    activity_id INTEGER NOT NULL REFERENCES activity (id),
    person_id   INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (activity_id, person_id)
) WITHOUT ROWID;
