//! Our own schemas by their places in the list, for tests that ask no registry.

use model::{SchemaIds, SchemaLookup, SchemaSource, WriterSchema, schema_text};
use topology::Schema;

/// The id of each schema is its place.
pub const SCHEMA_IDS: SchemaIds = SchemaIds({
    let (mut ids, mut at, mut id) = ([0; Schema::ALL.len()], 0, 0);
    while at < ids.len() {
        ids[at] = id;
        (at, id) = (at + 1, id + 1);
    }
    ids
});

/// Knows the schemas of [`SCHEMA_IDS`], and no other.
#[derive(Debug, Clone, Copy)]
pub struct OwnSchemas;

impl SchemaSource for OwnSchemas {
    fn schema(&self, id: u32) -> SchemaLookup {
        let Some(schema) = Schema::ALL.get(id as usize) else {
            return SchemaLookup::Unknown("40403: schema not found".to_owned());
        };
        match WriterSchema::parse(schema_text(*schema)) {
            Ok(schema) => SchemaLookup::Known(schema),
            Err(why) => SchemaLookup::Unknown(why),
        }
    }
}
