//! Rows as columns, for `UNNEST`, and as values one after the other, for COPY.

/// A row type. Its columns are bound, and copied, in this order.
macro_rules! columns {
    (@one $column:ident) => { 1 };
    ($(#[$doc:meta])* $row:ident { $($column:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $row {
            $(pub(crate) $column: $kind),+
        }

        impl crate::tables::Row for $row {
            const COLUMNS: i16 = $(columns!(@one $column) +)+ 0;

            async fn unnest(
                statement: &'static str,
                rows: Vec<Self>,
                to: &mut sqlx::PgConnection,
            ) -> Result<(), sqlx::Error> {
                if rows.is_empty() {
                    return Ok(());
                }
                $(let mut $column: Vec<$kind> = Vec::with_capacity(rows.len());)+
                for row in rows {
                    $($column.push(row.$column);)+
                }
                let statement = sqlx::query(statement)$(.bind($column))+;
                statement.execute(to).await.map(drop)
            }

            fn put(&self, to: &mut Vec<u8>) {
                $(crate::copy::Value::put(&self.$column, to);)+
            }
        }
    };
}
