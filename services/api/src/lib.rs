//! Questions over HTTP, answered from PostgreSQL.
