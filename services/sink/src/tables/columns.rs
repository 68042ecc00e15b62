//! Rows as columns, for `UNNEST`.

/// A row type, and `store`, which writes many of them by one statement with one array a column, in this order.
macro_rules! columns {
    ($(#[$doc:meta])* $row:ident { $($column:ident: $kind:ty),+ $(,)? } $statement:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $row {
            $(pub(crate) $column: $kind),+
        }

        impl $row {
            /// Writes the rows; says how many were new.
            pub(crate) async fn store(
                rows: Vec<Self>,
                to: &mut sqlx::PgConnection,
            ) -> Result<u64, sqlx::Error> {
                if rows.is_empty() {
                    return Ok(0);
                }
                $(let mut $column: Vec<$kind> = Vec::with_capacity(rows.len());)+
                for row in rows {
                    $($column.push(row.$column);)+
                }
                let statement = sqlx::query($statement)$(.bind($column))+;
                statement.execute(to).await.map(|done| done.rows_affected())
            }
        }
    };
}
