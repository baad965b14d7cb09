"""People whom a provider vouches for

Revision ID: 0002
Revises: 0001
Create Date: 2026-12-01 07:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("person", sa.Column("elsewhere", sa.String(length=255), nullable=True))
    op.create_index(op.f("ix_person_elsewhere"), "person", ["elsewhere"], unique=True)


def downgrade():
    op.drop_index(op.f("ix_person_elsewhere"), "person")
    op.drop_column("person", "elsewhere")
