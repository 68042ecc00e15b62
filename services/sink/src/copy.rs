//! Rows in the binary form of COPY, which costs the server less than arrays do: rows of one page are written and logged
//! together. It knows no conflicts, so only what is not there already can be copied.
//!
//! The form is that of PostgreSQL's documentation of COPY, "Binary Format".

use crate::storable::Json;
use crate::tables::{Row, Time};
use sqlx::PgConnection;
use uuid::Uuid;

/// The signature, no flags, no extension.
const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands in place of a row's number of columns after the last row.
const END: i16 = -1;
/// What stands in place of a value's length where there is none.
const NULL: i32 = -1;
/// The only version of the binary form of `jsonb`.
const JSONB: u8 = 1;
/// Microseconds from 1970 to 2000, from where `timestamptz` counts.
const EPOCH: i64 = 946_684_800_000_000;
/// Bytes after which a message is sent.
const MESSAGE: usize = 64 * 1024;

/// A value of a column.
pub(crate) trait Value {
    /// Writes it, behind its length.
    fn put(&self, to: &mut Vec<u8>);
}

/// Sends rows by a statement `COPY … FROM STDIN (FORMAT binary)`.
pub(crate) async fn send<R: Row>(
    rows: &[R],
    statement: &str,
    to: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut copy = to.copy_in_raw(statement).await?;
    let mut bytes = HEADER.to_vec();
    for row in rows {
        bytes.extend(R::COLUMNS.to_be_bytes());
        row.put(&mut bytes);
        if bytes.len() >= MESSAGE {
            copy.send(bytes.as_slice()).await?;
            bytes.clear();
        }
    }
    bytes.extend(END.to_be_bytes());
    copy.send(bytes).await?;
    copy.finish().await.map(drop)
}

fn sized(value: &[u8], to: &mut Vec<u8>) {
    // What is longer than two gigabytes is in no record.
    to.extend(i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
    to.extend_from_slice(value);
}

impl Value for bool {
    fn put(&self, to: &mut Vec<u8>) {
        sized(&[u8::from(*self)], to);
    }
}

impl Value for i32 {
    fn put(&self, to: &mut Vec<u8>) {
        sized(&self.to_be_bytes(), to);
    }
}

impl Value for i64 {
    fn put(&self, to: &mut Vec<u8>) {
        sized(&self.to_be_bytes(), to);
    }
}

impl Value for f64 {
    fn put(&self, to: &mut Vec<u8>) {
        sized(&self.to_be_bytes(), to);
    }
}

impl Value for String {
    fn put(&self, to: &mut Vec<u8>) {
        sized(self.as_bytes(), to);
    }
}

impl Value for Vec<u8> {
    fn put(&self, to: &mut Vec<u8>) {
        sized(self, to);
    }
}

impl Value for Uuid {
    fn put(&self, to: &mut Vec<u8>) {
        sized(self.as_bytes(), to);
    }
}

impl Value for Time {
    fn put(&self, to: &mut Vec<u8>) {
        (self.timestamp_micros() - EPOCH).put(to);
    }
}

impl Value for Json {
    fn put(&self, to: &mut Vec<u8>) {
        let length = i32::try_from(self.0.len() + 1).unwrap_or(i32::MAX);
        to.extend(length.to_be_bytes());
        to.push(JSONB);
        to.extend_from_slice(self.0.as_bytes());
    }
}

impl<T: Value> Value for Option<T> {
    fn put(&self, to: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(to),
            None => to.extend(NULL.to_be_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(value: &impl Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.put(&mut bytes);
        bytes
    }

    #[test]
    fn values_stand_behind_their_lengths() {
        assert_eq!(put(&7_i32), [0, 0, 0, 4, 0, 0, 0, 7]);
        assert_eq!(put(&"é".to_owned()), [0, 0, 0, 2, 0xc3, 0xa9]);
        assert_eq!(put(&None::<i64>), [0xff; 4]);
        assert_eq!(put(&Some(Json("{}".to_owned()))), [0, 0, 0, 3, 1, b'{', b'}']);
        let second = crate::storable::time(946_684_801_000);
        assert_eq!(put(&second), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40]);
    }
}
