//! The token community: stories that several people tell, each in their own words, and much that nobody repeats.

use super::diary::{self, Diary};
use super::form::Form;
use super::scale::Scale;
use super::texts::{self, Theme, Tongue};
use super::truth::Outcome;
use model::Millis;
use rand::Rng;
use rand::seq::IndexedRandom;

const SOURCES: [&str; 4] = ["social/birdsite", "social/groups", "forum/board", "feeds/weblog"];
const FORMS: [Form; 6] = [
    Form::CloudEvents,
    Form::CloudEvents,
    Form::Lines,
    Form::Avro,
    Form::Json,
    Form::Starter,
];
const AUTHORS: [&str; 8] = [
    "ada", "borja", "chen_wei", "dmitri", "ewa", "fatou", "gizem", "hiro",
];

/// A story is told within this time.
const TELLING: Millis = 3 * 60 * 60 * 1000;

/// What the story is about.
enum Token {
    Symbol(String),
    Address(String),
    Link(String),
}

/// One story.
struct Plot {
    theme: Theme,
    token: Token,
    /// How many tell it, …
    evidence: u32,
    /// … on how many sites; at most as many.
    sources: u32,
    /// Points of what the tables know of the token.
    known: i32,
}

/// Writes all stories.
pub(super) fn write(diary: &mut Diary, scale: &Scale) {
    verified(diary, scale);
    enriched(diary, scale);
    told_once_or_twice(diary, scale);
    spam(diary, scale);
    two_of_one_token(diary, scale);
}

/// Told by many: at least three people on at least two sites.
fn verified(diary: &mut Diary, scale: &Scale) {
    let kinds = [
        (Theme::Attack, 24, 14),
        (Theme::Catastrophe, 6, 9),
        (Theme::Launch, 15, 9),
        (Theme::Whale, 10, 8),
    ];
    for (theme, usual, most) in kinds {
        for _ in 0..scale.times(usual) {
            let token = Token::Symbol(diary.symbol());
            let (evidence, sources) = (
                diary.random.random_range(4..=most),
                diary.random.random_range(2..=4),
            );
            tell(
                diary,
                &Plot {
                    theme,
                    token,
                    evidence,
                    sources,
                    known: 0,
                },
            );
        }
    }
}

/// About tokens that the tables know: 10 + 5 points for volume and liquidity, 15 for a dangerous contract.
fn enriched(diary: &mut Diary, scale: &Scale) {
    for number in 0..scale.times(16) {
        let symbol = diary.symbol();
        diary.liquid.push(symbol.clone());
        let (evidence, sources) = if number % 2 == 0 { (5, 3) } else { (1, 1) };
        tell(
            diary,
            &Plot {
                theme: Theme::Launch,
                token: Token::Symbol(symbol),
                evidence,
                sources,
                known: 15,
            },
        );
        let address = diary.address();
        diary.dangerous.push(address.clone());
        tell(
            diary,
            &Plot {
                theme: Theme::Launch,
                token: Token::Address(address),
                evidence,
                sources,
                known: 15,
            },
        );
    }
}

/// By at most two people on one site: not confirmed.
fn told_once_or_twice(diary: &mut Diary, scale: &Scale) {
    let kinds = [
        (Theme::Attack, 8),
        (Theme::Launch, 20),
        (Theme::Whale, 30),
        (Theme::Plain, 260),
    ];
    for (theme, usual) in kinds {
        for _ in 0..scale.times(usual) {
            let token = Token::Symbol(diary.symbol());
            let evidence = diary.random.random_range(1..=2);
            tell(
                diary,
                &Plot {
                    theme,
                    token,
                    evidence,
                    sources: 1,
                    known: 0,
                },
            );
        }
    }
    for number in 0..scale.times(40) {
        let token = Token::Link(format!("https://blog.example.org/posts/{number}"));
        tell(
            diary,
            &Plot {
                theme: Theme::Plain,
                token,
                evidence: 1,
                sources: 1,
                known: 0,
            },
        );
    }
}

fn spam(diary: &mut Diary, scale: &Scale) {
    for _ in 0..scale.times(12) {
        let token = Token::Symbol(diary.symbol());
        let (evidence, sources) = (
            diary.random.random_range(8..=30),
            diary.random.random_range(2..=4),
        );
        tell(
            diary,
            &Plot {
                theme: Theme::Spam,
                token,
                evidence,
                sources,
                known: 0,
            },
        );
    }
}

/// Two stories about one token stay two signals.
fn two_of_one_token(diary: &mut Diary, scale: &Scale) {
    for _ in 0..scale.times(6) {
        let symbol = diary.symbol();
        for theme in [Theme::Launch, Theme::Attack] {
            tell(
                diary,
                &Plot {
                    theme,
                    token: Token::Symbol(symbol.clone()),
                    evidence: 4,
                    sources: 2,
                    known: 0,
                },
            );
        }
    }
}

fn tell(diary: &mut Diary, plot: &Plot) {
    let tongue = *Tongue::ALL.choose(&mut diary.random).unwrap_or(&Tongue::English);
    let original = original(diary, plot, tongue);
    let begin = diary.some_time(TELLING);
    let first_site = diary.random.random_range(0..SOURCES.len());
    for number in 0..plot.evidence {
        let at = begin
            + if number == 0 {
                0
            } else {
                diary.random.random_range(1..TELLING)
            };
        let site = SOURCES[(first_site + (number % plot.sources) as usize) % SOURCES.len()];
        let text = if number == 0 {
            original.clone()
        } else {
            copy(&original, tongue, number, diary)
        };
        post(diary, site, at, &text);
    }
    let (cashtag, address) = (
        matches!(plot.token, Token::Symbol(_)),
        matches!(plot.token, Token::Address(_)),
    );
    diary.signal(Outcome {
        points: plot.theme.points(cashtag, address),
        known: plot.known,
        evidence: plot.evidence,
        sources: plot.sources.min(plot.evidence),
        text: true,
    });
}

fn original(diary: &mut Diary, plot: &Plot, tongue: Tongue) -> String {
    let token = match &plot.token {
        Token::Symbol(symbol) => format!("${symbol}"),
        Token::Address(address) => address.clone(),
        Token::Link(link) => link.clone(),
    };
    let number = diary.random.random_range(3..90_u32).to_string();
    texts::text(plot.theme, tongue)
        .replace("{t}", &token)
        .replace("{n}", &number)
}

fn post(diary: &mut Diary, site: &str, at: Millis, text: &str) {
    let author = AUTHORS.choose(&mut diary.random).copied().unwrap_or("ada");
    let form = FORMS
        .choose(&mut diary.random)
        .copied()
        .unwrap_or(Form::CloudEvents);
    let data = serde_json::json!({"text": text, "author": author}).to_string();
    let event = diary::raw(diary.id(), site, "post", None, at, data);
    diary.event(form, event);
}

/// How people copy: with one word changed, cut, passed on with a name before it, or with a link behind it.
fn copy(original: &str, tongue: Tongue, number: u32, diary: &mut Diary) -> String {
    match number % 4 {
        1 => reworded(original, tongue, diary),
        2 => cut(original),
        3 => format!(
            "RT @{}: {original}",
            AUTHORS.choose(&mut diary.random).unwrap_or(&"ada")
        ),
        _ => format!("{original} https://t.example/{:x}", diary.random.random::<u32>()),
    }
}

/// One word of the last third is another; a number or a name stays, or the text would say something else.
fn reworded(original: &str, tongue: Tongue, diary: &mut Diary) -> String {
    let (another, between) = match tongue {
        Tongue::English => ("apparently", " "),
        Tongue::Spanish => ("aparentemente", " "),
        Tongue::Russian => ("кажется", " "),
        Tongue::Chinese => ("很", ""),
    };
    // A text without a version in the story's language is in English.
    let unspaced = between.is_empty() && original.split(' ').count() < 15;
    let mut pieces: Vec<String> = if unspaced {
        original.chars().map(String::from).collect()
    } else {
        original.split(' ').map(str::to_owned).collect()
    };
    let third = pieces.len() / 3;
    let plain =
        |at: &usize| !pieces[*at].contains(|c: char| c == '$' || c.is_ascii_digit() || c.is_uppercase());
    let places: Vec<usize> = (pieces.len() - third..pieces.len()).filter(plain).collect();
    if let Some(at) = places.choose(&mut diary.random) {
        another.clone_into(&mut pieces[*at]);
    }
    pieces.join(if unspaced { "" } else { " " })
}

/// The first two thirds.
fn cut(original: &str) -> String {
    let kept = original.chars().count() * 2 / 3;
    let beginning: String = original.chars().take(kept).collect();
    format!("{}…", beginning.trim_end())
}
