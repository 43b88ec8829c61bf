"""Alembic's entrance: runs the migrations on the connection that the caller gives."""

from alembic import context

from shop.models import Base

connection = context.config.attributes.get("connection")
if connection is None:
    from shop.database import open_database
    from shop.settings import load_settings

    connection = open_database(load_settings().database_address).engine.connect()

context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
