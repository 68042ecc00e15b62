//! Everything worth asking about, in PostgreSQL, with its offsets in the same transaction.
