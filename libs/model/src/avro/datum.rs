//! Avro data of our own types, by the order of their members alone: nothing is looked up. No schema, no registry.
//!
//! A type that mirrors its schema, member by member, needs no schema to be read or written: a record is its members
//! one after the other. Data of any other schema are read by a library that walks the writer's schema.
//!
//! Source: Apache Avro 1.12 specification, "Binary encoding".

use crate::{Decimal, Value};
use integer_encoding::VarInt;
use std::collections::BTreeMap;

/// The most elements of one array or map that is read: a datum that claims more is refused before memory is.
pub(super) const MAX_SEQUENCE: usize = 1_000_000;
/// The most bytes of a 64-bit number.
const MAX_VARINT: usize = 10;

/// Something with one Avro schema.
pub trait Datum: Sized {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes it from the front.
    fn read(from: &mut &[u8]) -> Result<Self, Malformed>;
}

/// Why bytes are not the datum that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end inside the datum.
    #[error("it ends in the middle of a value")]
    Truncated,
    /// A number does not fit its type, or a length is below zero.
    #[error("a number or a length is out of range")]
    OutOfRange,
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    NotText,
    /// A union or an enum has no such branch.
    #[error("there is no branch or symbol {0}")]
    UnknownBranch(i64),
    /// An array or a map has too many elements.
    #[error("an array or a map has more than {MAX_SEQUENCE} elements")]
    TooLong,
}

/// A record is its members in the order of its schema.
macro_rules! record {
    ($record:ident { $($member:ident),+ $(,)? }) => {
        impl $crate::avro::Datum for $record {
            fn write(&self, out: &mut Vec<u8>) {
                let Self { $($member),+ } = self;
                $($crate::avro::Datum::write($member, out);)+
            }

            fn read(from: &mut &[u8]) -> Result<Self, $crate::avro::Malformed> {
                Ok(Self { $($member: $crate::avro::Datum::read(from)?),+ })
            }
        }
    };
}

/// An enum is the place of its symbol in the schema.
macro_rules! symbols {
    ($symbols:ident { $($symbol:ident),+ $(,)? }) => {
        impl $crate::avro::Datum for $symbols {
            fn write(&self, out: &mut Vec<u8>) {
                let place = [$(Self::$symbol),+].iter().position(|symbol| symbol == self);
                $crate::avro::datum::write_length(place.unwrap_or_default(), out);
            }

            fn read(from: &mut &[u8]) -> Result<Self, $crate::avro::Malformed> {
                let place = <i64 as $crate::avro::Datum>::read(from)?;
                let symbol = usize::try_from(place).ok().and_then(|at| [$(Self::$symbol),+].get(at).copied());
                symbol.ok_or($crate::avro::Malformed::UnknownBranch(place))
            }
        }
    };
}

pub(crate) use {record, symbols};

impl Datum for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        let zigzag = (self << 1) ^ (self >> 63);
        if let Ok(single @ 0..0x80) = u8::try_from(zigzag) {
            return out.push(single);
        }
        let mut bytes = [0; MAX_VARINT];
        let length = self.encode_var(&mut bytes);
        out.extend_from_slice(&bytes[..length]);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        if let [single @ 0..0x80, rest @ ..] = from {
            let zigzag = Self::from(*single);
            *from = rest;
            return Ok((zigzag >> 1) ^ -(zigzag & 1));
        }
        let Some((number, length)) = Self::decode_var(from) else {
            return Err(if from.len() < MAX_VARINT {
                Malformed::Truncated
            } else {
                Malformed::OutOfRange
            });
        };
        *from = &from[length..];
        Ok(number)
    }
}

impl Datum for i32 {
    fn write(&self, out: &mut Vec<u8>) {
        i64::from(*self).write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        Self::try_from(i64::read(from)?).map_err(|_| Malformed::OutOfRange)
    }
}

impl Datum for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        let (bytes, rest) = from.split_first_chunk().ok_or(Malformed::Truncated)?;
        *from = rest;
        Ok(Self::from_le_bytes(*bytes))
    }
}

impl Datum for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        match from.split_off_first() {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) => Err(Malformed::OutOfRange),
            None => Err(Malformed::Truncated),
        }
    }
}

impl Datum for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(self.as_bytes(), out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(read_bytes(from)?);
        text.map(str::to_owned).map_err(|_| Malformed::NotText)
    }
}

impl Datum for Vec<u8> {
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(self, out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        read_bytes(from).map(<[u8]>::to_vec)
    }
}

/// `["null", T]`
impl<T: Datum> Datum for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            None => write_length(0, out),
            Some(value) => {
                write_length(1, out);
                value.write(out);
            }
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        match i64::read(from)? {
            0 => Ok(None),
            1 => T::read(from).map(Some),
            other => Err(Malformed::UnknownBranch(other)),
        }
    }
}

/// `["null", "boolean", "long", "double", "string", "Decimal"]`, the last a record of one string.
impl Datum for Value {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => write_length(0, out),
            Self::Bool(flag) => (write_length(1, out), flag.write(out)).1,
            Self::Long(number) => (write_length(2, out), number.write(out)).1,
            Self::Double(number) => (write_length(3, out), number.write(out)).1,
            Self::String(text) => (write_length(4, out), text.write(out)).1,
            Self::Decimal(number) => (write_length(5, out), number.to_string().write(out)).1,
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        match i64::read(from)? {
            0 => Ok(Self::Null),
            1 => bool::read(from).map(Self::Bool),
            2 => i64::read(from).map(Self::Long),
            3 => f64::read(from).map(Self::Double),
            4 => String::read(from).map(Self::String),
            5 => Decimal::parse(&String::read(from)?)
                .map(Self::Decimal)
                .ok_or(Malformed::OutOfRange),
            other => Err(Malformed::UnknownBranch(other)),
        }
    }
}

impl<T: Datum> Datum for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_block(self.iter(), out, T::write);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        let mut elements = Self::new();
        read_blocks(from, |from| {
            elements.push(T::read(from)?);
            Ok(())
        })?;
        Ok(elements)
    }
}

impl<T: Datum> Datum for BTreeMap<String, T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_block(self.iter(), out, |(name, value), out| {
            name.write(out);
            value.write(out);
        });
    }

    fn read(from: &mut &[u8]) -> Result<Self, Malformed> {
        let mut members = Self::new();
        read_blocks(from, |from| {
            members.insert(String::read(from)?, T::read(from)?);
            Ok(())
        })?;
        Ok(members)
    }
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "nothing in memory is longer than an i64 can say"
)]
pub(crate) fn write_length(length: usize, out: &mut Vec<u8>) {
    (length as i64).write(out);
}

fn read_length(from: &mut &[u8]) -> Result<usize, Malformed> {
    usize::try_from(i64::read(from)?).map_err(|_| Malformed::OutOfRange)
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn read_bytes<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let length = read_length(from)?;
    from.split_off(..length).ok_or(Malformed::Truncated)
}

/// All elements as one block, and the empty block that ends them.
fn write_block<E>(
    elements: impl ExactSizeIterator<Item = E>,
    out: &mut Vec<u8>,
    write: impl Fn(E, &mut Vec<u8>),
) {
    if elements.len() > 0 {
        write_length(elements.len(), out);
        elements.for_each(|element| write(element, out));
    }
    write_length(0, out);
}

/// Blocks until the empty one; a block whose count is below zero says its size in bytes before its elements.
fn read_blocks(
    from: &mut &[u8],
    mut read: impl FnMut(&mut &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut left = MAX_SEQUENCE;
    loop {
        let count = i64::read(from)?;
        if count == 0 {
            return Ok(());
        }
        if count < 0 {
            read_length(from)?;
        }
        let count = usize::try_from(count.unsigned_abs()).map_err(|_| Malformed::TooLong)?;
        left = left.checked_sub(count).ok_or(Malformed::TooLong)?;
        for _ in 0..count {
            read(from)?;
        }
    }
}
