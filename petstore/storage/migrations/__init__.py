"""
Hold the steps from one revision of a store's tables to the next.

A step says what it makes in full and imports nothing of the tables it leads to: those
move on, a step does not. Tables and constraints are named, and SQLite rebuilds a table
inside `op.batch_alter_table`.
"""
