//! What the files of a set name for their conditions: lists, tables, derived values. All of it is known before the first
//! condition is compiled, whatever file it stands in. No I/O.

use super::{Fields, Reader};
use crate::condition::Variables;
use crate::derived::Drafts;
use crate::error::RuleError;
use crate::lists::Named;

/// The vocabulary of files, given by name with their top mappings.
pub(crate) fn vocabulary(roots: &[(&str, Fields<'_>)], errors: &mut Vec<RuleError>) -> Variables {
    let (mut named, mut drafts) = (Named::default(), Drafts::default());
    for (file, root) in roots {
        let reader = &mut Reader { file, errors };
        named.read(reader, root);
        drafts.read(reader, root);
    }
    let mut variables = Variables::new(named);
    drafts.compile(&mut variables, errors);
    variables
}
