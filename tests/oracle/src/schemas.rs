//! Our own schemas by their ids, so that nothing is asked while a history is judged.

use model::{Decoder, SchemaIds, SchemaLookup, SchemaSource, WriterSchema, schema_text};
use std::sync::Arc;
use topology::Schema;

/// The schemas that the services have registered, and no other.
#[derive(Debug, Clone, Copy)]
pub struct OwnSchemas(pub SchemaIds);

impl OwnSchemas {
    /// A reader of records that were written with our schemas.
    pub fn decoder(self) -> Decoder {
        Decoder::new(Arc::new(self))
    }
}

impl SchemaSource for OwnSchemas {
    fn schema(&self, id: u32) -> SchemaLookup {
        let own = Schema::ALL
            .into_iter()
            .find(|schema| self.0.0[*schema as usize] == id);
        let Some(own) = own else {
            return SchemaLookup::Unknown("not one of our schemas".to_owned());
        };
        match WriterSchema::parse(schema_text(own)) {
            Ok(schema) => SchemaLookup::Known(schema),
            Err(why) => SchemaLookup::Unknown(why),
        }
    }
}
