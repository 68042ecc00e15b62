//! Rows that are known by an id alone, in tables that are cut by time: what came first stays, whatever time a later one
//! tells. The primary key of each part holds its own rows apart; that no other part has the id is asked here.

/// Rows of which the first of each id stays, in the order of their ids: two writers of the same ids cannot deadlock.
pub(crate) fn first_of_each<T>(mut rows: Vec<T>, id: impl Fn(&T) -> &str) -> Vec<T> {
    // The sort is stable: of an id that came twice the first stays.
    rows.sort_by(|a, b| id(a).cmp(id(b)));
    rows.dedup_by(|a, b| id(a) == id(b));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_id_that_came_twice_the_first_stays() {
        let rows = vec![("b", 1), ("a", 2), ("b", 3)];
        assert_eq!(first_of_each(rows, |(id, _)| id), [("a", 2), ("b", 1)]);
    }
}
