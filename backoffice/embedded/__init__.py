"""A real PostgreSQL and a real Valkey out of wheels, and the supervisor behind `make run`.

For development and tests. Nothing here imports Django or any of our apps: the supervisor starts them as
processes of their own. Production gives DATABASE_URL and REDIS_URL and never comes here.
"""
