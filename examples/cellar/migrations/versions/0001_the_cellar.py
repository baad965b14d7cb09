"""The cellar

Revision ID: 0001
Revises: nothing
Create Date: 2026-11-22 21:29:20.627256
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "bottle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("producer", sa.String(length=80), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(length=10), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("country", sa.String(length=60), nullable=False),
        sa.Column("grapes", sa.String(length=120), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=True),
        sa.Column("drink_from", sa.Integer(), nullable=True),
        sa.Column("drink_until", sa.Integer(), nullable=True),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("photo", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "colour IN ('red', 'white', 'rose', 'sparkling', 'sweet')", name=op.f("ck_bottle_colour")
        ),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_bottle_price_cents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bottle")),
        sa.UniqueConstraint("photo", name=op.f("uq_bottle_photo")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=90), nullable=False),
        sa.Column("password", sa.String(length=300), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("key", name=op.f("uq_person_key")),
    )
    op.create_table(
        "rack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("shelves", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.CheckConstraint("places BETWEEN 1 AND 16", name=op.f("ck_rack_places")),
        sa.CheckConstraint("shelves BETWEEN 1 AND 12", name=op.f("ck_rack_shelves")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rack")),
        sa.UniqueConstraint("key", name=op.f("uq_rack_key")),
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("bottle_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verb IN ('added', 'shelved', 'opened', 'changed', 'removed', 'built')",
            name=op.f("ck_activity_verb"),
        ),
        sa.ForeignKeyConstraint(
            ["bottle_id"], ["bottle.id"], name=op.f("fk_activity_bottle_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_activity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_table(
        "slot",
        sa.Column("rack_id", sa.Integer(), nullable=False),
        sa.Column("shelf", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("bottle_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bottle_id"], ["bottle.id"], name=op.f("fk_slot_bottle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rack_id"], ["rack.id"], name=op.f("fk_slot_rack_id")),
        sa.PrimaryKeyConstraint("rack_id", "shelf", "place", name=op.f("pk_slot")),
    )
    with op.batch_alter_table("slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slot_bottle_id"), ["bottle_id"], unique=False)

    op.create_table(
        "tasting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bottle_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tasted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_tasting_rating")),
        sa.ForeignKeyConstraint(
            ["bottle_id"], ["bottle.id"], name=op.f("fk_tasting_bottle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tasting_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasting")),
    )
    with op.batch_alter_table("tasting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tasting_bottle_id"), ["bottle_id"], unique=False)

    op.create_table(
        "cheer",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_cheer_activity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cheer_person_id")),
        sa.PrimaryKeyConstraint("activity_id", "person_id", name=op.f("pk_cheer")),
    )


def downgrade():
    op.drop_table("cheer")
    with op.batch_alter_table("tasting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasting_bottle_id"))

    op.drop_table("tasting")
    with op.batch_alter_table("slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_slot_bottle_id"))

    op.drop_table("slot")
    op.drop_table("activity")
    op.drop_table("rack")
    op.drop_table("person")
    op.drop_table("bottle")
