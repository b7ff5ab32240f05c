"""Keep the shop's rows: one set of tables and statements on SQLite and Postgres."""
