//! `and`, `or`, `not`, `is null`, `is not null`, `not in` and Python's constants, written as CEL. No I/O.

use model::Value;

use crate::names::ALIASES;

/// A piece of a condition: a quoted text is one piece, so words inside it are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Space(&'a str),
    Sign(&'a str),
    Number(&'a str),
}

impl<'a> Piece<'a> {
    fn text(self) -> &'a str {
        match self {
            Piece::Word(text)
            | Piece::Quoted(text)
            | Piece::Space(text)
            | Piece::Sign(text)
            | Piece::Number(text) => text,
        }
    }
}

/// Rewrites the word operators as CEL's. A condition that has none comes out as it went in.
pub(crate) fn to_cel(condition: &str) -> String {
    let pieces = pieces(condition);
    let mut out = String::with_capacity(condition.len() + 8);
    // Brackets opened for a `not`, by the depth of the brackets around it.
    let mut nots: Vec<usize> = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&piece) = pieces.get(at) {
        let member = out.ends_with('.');
        if !member && is_not_in(&pieces, at) && open_before_operand(&mut out) {
            nots.push(depth);
            at += 2;
            continue;
        }
        let next = (!member).then(|| rewrite(&pieces, at)).flatten();
        let (text, used) = next.unwrap_or((piece.text(), 1));
        close_nots(&mut nots, &mut out, depth, text);
        if is_wide(piece) && !member {
            out.extend(["decimal('", text, "')"]);
            at += used;
            continue;
        }
        match text {
            "!(" => nots.push(depth),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push_str(text);
        at += used;
    }
    out.extend(nots.iter().map(|_| ')'));
    out
}

/// A number that CEL's integers and doubles do not hold.
fn is_wide(piece: Piece<'_>) -> bool {
    let Piece::Number(text) = piece else {
        return false;
    };
    // With its minus, CEL holds it.
    let is_long = text.len() > 17 && text.bytes().all(|byte| byte.is_ascii_digit());
    match Value::of_number(text) {
        Some(Value::Decimal(_)) => text != "9223372036854775808",
        Some(Value::Double(_)) => is_long,
        _ => false,
    }
}

fn is_not_in(pieces: &[Piece<'_>], at: usize) -> bool {
    let not = matches!(pieces[at], Piece::Word(word) if word.eq_ignore_ascii_case("not"));
    not && word_after(pieces, at).0.as_deref() == Some("in")
}

/// `a not in b` is `!(a in b)`: opens the bracket before the operand just written, if it is a plain one.
fn open_before_operand(out: &mut String) -> bool {
    let operand = out.trim_end();
    let start = match operand.chars().next_back() {
        Some(quote @ ('\'' | '"')) => operand[..operand.len() - 1].rfind(quote),
        Some(last) if belongs_to_name(last) => Some(
            operand
                .rfind(|next| !belongs_to_name(next))
                .map_or(0, |before| before + next_len(operand, before)),
        ),
        _ => None,
    };
    if let Some(start) = start {
        out.insert_str(start, "!(");
    }
    start.is_some()
}

fn belongs_to_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

fn next_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// `not a == b and c` is `!(a == b) && c`: a `not` reaches to the next operator that binds less.
fn close_nots(nots: &mut Vec<usize>, out: &mut String, depth: usize, next: &str) {
    let ends = matches!(next, "&&" | "||" | ")" | "]" | "}" | "," | "?" | ":");
    while ends && nots.last() == Some(&depth) {
        nots.pop();
        let kept = out.trim_end().len();
        out.insert(kept, ')');
    }
}

/// What the words at `at` are in CEL, and how many pieces that takes.
fn rewrite<'a>(pieces: &[Piece<'a>], at: usize) -> Option<(&'a str, usize)> {
    let Piece::Word(word) = pieces[at] else {
        return None;
    };
    let lower = word.to_ascii_lowercase();
    let (second, second_used) = word_after(pieces, at);
    let (third, third_used) = second_used.map_or((None, None), |used| word_after(pieces, at + used));
    match (lower.as_str(), second.as_deref(), third.as_deref()) {
        ("and", ..) => Some(("&&", 1)),
        ("or", ..) => Some(("||", 1)),
        ("is", Some("not"), Some("null" | "none")) => Some(("!= null", second_used? + third_used? + 1)),
        ("is", Some("null" | "none"), _) => Some(("== null", second_used? + 1)),
        ("not", ..) => Some(("!(", 1)),
        _ => match word {
            "True" => Some(("true", 1)),
            "False" => Some(("false", 1)),
            "None" => Some(("null", 1)),
            _ => None,
        },
    }
}

/// The word after the one at `at`, in lower case, and how many pieces further it is.
fn word_after(pieces: &[Piece<'_>], at: usize) -> (Option<String>, Option<usize>) {
    let further = match (pieces.get(at + 1), pieces.get(at + 2)) {
        (Some(Piece::Space(_)), Some(Piece::Word(word))) => Some(word),
        _ => None,
    };
    (further.map(|word| word.to_ascii_lowercase()), further.map(|_| 2))
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (piece, used) = if first == '"' || first == '\'' {
            let used = quoted_len(rest, first);
            (Piece::Quoted(&rest[..used]), used)
        } else if first.is_whitespace() {
            let used = run(rest, char::is_whitespace);
            (Piece::Space(&rest[..used]), used)
        } else if first.is_alphabetic() || first == '_' {
            let used = run(rest, |next| next.is_alphanumeric() || next == '_');
            (Piece::Word(&rest[..used]), used)
        } else if first.is_ascii_digit() {
            let used = number_len(rest);
            (Piece::Number(&rest[..used]), used)
        } else {
            let used = if rest.starts_with("&&") || rest.starts_with("||") {
                2
            } else {
                first.len_utf8()
            };
            (Piece::Sign(&rest[..used]), used)
        };
        found.push(piece);
        rest = &rest[used..];
    }
    found
}

/// Bytes of a number: digits, a fraction, an exponent, and whatever letters hang on it.
fn number_len(text: &str) -> usize {
    let digits = |from: usize| from + run(&text[from..], |next| next.is_ascii_digit());
    let mut end = digits(0);
    let fraction = text[end..].strip_prefix('.');
    if fraction.is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) {
        end = digits(end + 1);
    }
    let exponent = text[end..].strip_prefix(['e', 'E']);
    if let Some(rest) = exponent {
        let sign = usize::from(rest.starts_with(['+', '-']));
        if rest[sign..].starts_with(|next: char| next.is_ascii_digit()) {
            end = digits(end + 1 + sign);
        }
    }
    end + run(&text[end..], |next| next.is_alphanumeric() || next == '_')
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|next| !belongs(next)).unwrap_or(text.len())
}

/// Bytes of a quoted text with both quotes; to the end when the closing quote is missing.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return at + next.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// A condition in our own form: CEL's operators, our names for the reference system's.
pub(crate) fn to_native(condition: &str) -> String {
    let cel = to_cel(condition);
    let mut out = String::with_capacity(cel.len() + 16);
    for piece in pieces(&cel) {
        let member = out.ends_with(['.', '{']);
        let alias = ALIASES
            .iter()
            .find(|(theirs, _)| matches!(piece, Piece::Word(word) if word == *theirs));
        out.push_str(alias.filter(|_| !member).map_or(piece.text(), |(_, ours)| *ours));
    }
    out
}

/// The same condition with single blanks around its operators; word operators stay words.
pub(crate) fn tidy(condition: &str) -> String {
    let condition = condition.trim();
    // Line breaks may matter to whoever wrote them, and `${…}` may hold anything.
    if condition.contains(['\n', '$', '`']) {
        return condition.to_owned();
    }
    let mut out = String::with_capacity(condition.len() + 8);
    for piece in with_signs_joined(condition) {
        match piece.as_str() {
            "==" | "!=" | "<=" | ">=" | "<" | ">" | "&&" | "||" | "?" => {
                out.truncate(out.trim_end().len());
                out.push(' ');
                out.push_str(&piece);
                out.push(' ');
            }
            "," => {
                out.truncate(out.trim_end().len());
                out.push_str(", ");
            }
            blank if blank.trim().is_empty() => {
                if !out.ends_with([' ', '(', '[']) {
                    out.push(' ');
                }
            }
            ")" | "]" => {
                out.truncate(out.trim_end().len());
                out.push_str(&piece);
            }
            other => out.push_str(other),
        }
    }
    out.trim().to_owned()
}

/// Pieces, with signs that belong together as one: `>=`.
fn with_signs_joined(condition: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for piece in pieces(condition) {
        let completes = |last: &String| matches!((last.as_str(), piece.text()), ("=" | "!" | "<" | ">", "="));
        match joined.last_mut() {
            Some(last) if matches!(piece, Piece::Sign(_)) && completes(last) => last.push_str(piece.text()),
            _ => joined.push(piece.text().to_owned()),
        }
    }
    joined
}

/// The outermost sides of a condition's `or`, or else of its `and`: what a person would ask about one by one.
pub(crate) fn parts(condition: &str) -> Vec<&str> {
    let pieces = pieces(condition);
    for joins in [["or", "||"], ["and", "&&"]] {
        let sides = split(condition, &pieces, joins);
        if sides.len() > 1 {
            return sides;
        }
    }
    vec![condition.trim()]
}

fn split<'a>(condition: &'a str, pieces: &[Piece<'_>], joins: [&str; 2]) -> Vec<&'a str> {
    let (mut depth, mut at, mut start) = (0usize, 0usize, 0usize);
    let mut sides = Vec::new();
    for piece in pieces {
        let text = piece.text();
        match text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            // `a ? b : c` binds less than both.
            "?" if depth == 0 => return Vec::new(),
            _ => {}
        }
        let member = condition[..at].ends_with('.');
        let joining =
            !matches!(piece, Piece::Quoted(_)) && joins.iter().any(|join| text.eq_ignore_ascii_case(join));
        if depth == 0 && joining && !member {
            sides.push(condition[start..at].trim());
            start = at + text.len();
        }
        at += text.len();
    }
    sides.push(condition[start..].trim());
    sides
}

#[cfg(test)]
mod tests {
    use super::{parts, tidy, to_cel};

    #[test]
    fn words_become_operators() {
        assert_eq!(to_cel("a > 1 and b < 2 or c"), "a > 1 && b < 2 || c");
        assert_eq!(to_cel("x is null and y is not null"), "x == null && y != null");
        assert_eq!(to_cel("flag == True"), "flag == true");
        assert_eq!(to_cel("a && !b"), "a && !b");
    }

    #[test]
    fn not_reaches_over_comparisons() {
        assert_eq!(to_cel("not a == b and c"), "!( a == b) && c");
        assert_eq!(to_cel("(not a) or b"), "(!( a)) || b");
        assert_eq!(to_cel("not not a"), "!( !( a))");
        assert_eq!(to_cel("not (a and b)"), "!( (a && b))");
    }

    #[test]
    fn not_in_wraps_the_operand_before_it() {
        assert_eq!(to_cel("data.x not in [1, 2] and c"), "!(data.x in [1, 2]) && c");
        assert_eq!(to_cel("a or 'b c' not in tags"), "a || !('b c' in tags)");
        assert_eq!(to_cel("(a not in b)"), "(!(a in b))");
    }

    #[test]
    fn numbers_that_are_too_long_for_cel_are_decimals() {
        assert_eq!(
            to_cel("data.a >= 1000000000000000000001 and data.a1 < -0.1234567890123456781"),
            "data.a >= decimal('1000000000000000000001') && data.a1 < -decimal('0.1234567890123456781')"
        );
        for same in [
            "data.a == 1.5e3 && x[0] > 1e-7",
            "-9223372036854775808",
            "18446744073709551615u",
            "0xFFFFFFFFFFFFFFFFFF",
        ] {
            assert_eq!(to_cel(same), same);
        }
    }

    #[test]
    fn quoted_words_and_members_stay() {
        assert_eq!(to_cel("text == 'this and that'"), "text == 'this and that'");
        assert_eq!(to_cel(r"text == 'it\'s not' or y"), r"text == 'it\'s not' || y");
        assert_eq!(to_cel("data.or == 1 and data.not"), "data.or == 1 && data.not");
    }

    #[test]
    fn parts_are_the_outermost_sides() {
        assert_eq!(parts("a or b and (c or d)"), ["a", "b and (c or d)"]);
        assert_eq!(parts("a && x == ' or ' && not b"), ["a", "x == ' or '", "not b"]);
        assert_eq!(parts("(a or b)"), ["(a or b)"]);
        assert_eq!(parts("a ? b or c : d"), ["a ? b or c : d"]);
    }

    #[test]
    fn blanks_are_tidied() {
        assert_eq!(tidy("a>5   and b=='x  >y'"), "a > 5 and b == 'x  >y'");
        assert_eq!(tidy(" ( a<=1||!b ) "), "(a <= 1 || !b)");
        assert_eq!(tidy("f( a,b ,[ 1,2 ])!=-1"), "f(a, b, [1, 2]) != -1");
        assert_eq!(tidy("a >= ${X:5}"), "a >= ${X:5}");
    }
}
