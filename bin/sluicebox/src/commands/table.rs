//! Rows of text under headings, as wide as their widest cell. No I/O.

use crate::output::{STRONG, styled};

/// The headings and the rows, one line each.
pub(super) fn lines<const N: usize>(headings: &[&str; N], rows: &[[String; N]]) -> Vec<String> {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells
            .chain([headings[at].chars().count()])
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let headings = headings.map(str::to_owned);
    let first = styled(STRONG, line(&headings, &widths));
    let rows = rows.iter().map(|row| line(row, &widths));
    std::iter::once(first).chain(rows).collect()
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let cells = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
