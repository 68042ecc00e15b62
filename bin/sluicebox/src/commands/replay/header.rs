//! The first line of CSV: which columns there are. No I/O.

use super::columns::Columns;

/// The delimiter that Excel writes before everything else: `sep=;`.
pub(crate) fn separator(line: &[u8]) -> Option<u8> {
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// The names of the columns, or what is wrong with them. A column without a name is called by its place.
pub(crate) fn names<'f>(
    fields: impl Iterator<Item = &'f [u8]>,
    columns: &Columns,
) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (place, field) in fields.enumerate() {
        let name = std::str::from_utf8(field).map_err(|error| {
            format!(
                "the name of column {} is {}",
                place + 1,
                super::encoding::not_utf8(error.valid_up_to())
            )
        })?;
        let name = name.trim();
        names.push(if name.is_empty() {
            format!("column_{}", place + 1)
        } else {
            name.to_owned()
        });
    }
    check(&names, columns)?;
    Ok(names)
}

fn check(names: &[String], columns: &Columns) -> Result<(), String> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if let Some([name, _]) = sorted.array_windows().find(|[name, next]| name == next) {
        return Err(format!(
            "two columns are called {name:?}, and an event can have one; rename one in the first line"
        ));
    }
    if let Some(missing) = columns
        .named()
        .find(|column| !names.iter().any(|name| name == column))
    {
        let shown = names.join(", ");
        return Err(format!(
            "--map: there is no column {missing:?}; the columns are {shown}"
        ));
    }
    let stays = |name: &String| !columns.is_attribute(name) && !columns.renamed.contains_key(name);
    let mut targets = columns.renamed.iter();
    match targets.find(|(_, target)| names.iter().any(|name| name == *target && stays(name))) {
        Some((column, target)) => Err(format!(
            "--map {target}={column}: a column is called {target:?} already; give that another name as well"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, map: &str) -> Result<Vec<String>, String> {
        names(line.split(',').map(str::as_bytes), &map.parse().unwrap())
    }

    #[test]
    fn no_column_is_lost() {
        assert_eq!(
            of("id, text ,", "id=id"),
            Ok(vec!["id".into(), "text".into(), "column_3".into()])
        );
        assert!(of("id,text,text", "").unwrap_err().contains("\"text\""));
        assert!(of("id,column_2,", "").is_ok() && of("id,,column_2", "").is_err());
        assert!(of("id,title", "text=body").unwrap_err().contains("id, title"));
        assert!(of("text,title", "text=title").unwrap_err().contains("already"));
        assert!(
            of("text,title", "text=title,body=text").is_ok()
                && of("text,title", "text=title,id=text").is_ok()
        );
    }

    #[test]
    fn other_encodings_and_excels_first_line() {
        let told = names([&b"caf\xe9"[..]].into_iter(), &Columns::default()).unwrap_err();
        assert!(told.contains("UTF-8") && told.contains("column 1"), "{told}");
        assert_eq!(
            (separator(b"sep=;"), separator(b"SEP=\t"), separator(b"sep=;;")),
            (Some(b';'), Some(b'\t'), None)
        );
    }
}
