//! Spam against labels: messages and comments.

use super::read_if_there;
use super::report::{Row, Wanted};
use anyhow::Result;
use std::path::Path;

/// One labelled text: whether people call it spam, and how likely we do.
type Judged = (bool, f32);

pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let sms = judged(folder, "sms_spam_odd_rows.tsv", tab_separated)?;
    let youtube = judged(folder, "Youtube01-Psy.csv", comma_separated)?;
    let row = |name, what, on, texts: &[Judged], value, wanted| Row {
        name,
        what,
        on,
        n: texts.len(),
        value,
        wanted,
    };
    let (messages, comments) = ("text messages", "comments under a video; tuned on these");
    Ok(vec![
        row(
            "spam_sms_f1",
            "spam, F1",
            messages,
            &sms,
            f1(&sms),
            Wanted::AtLeast(0.90),
        ),
        row(
            "spam_sms_precision",
            "spam, precision at recall 0.9",
            messages,
            &sms,
            at_recall(&sms),
            Wanted::Nothing,
        ),
        row(
            "spam_youtube_f1",
            "spam, F1",
            comments,
            &youtube,
            f1(&youtube),
            Wanted::AtLeast(0.90),
        ),
        row(
            "spam_youtube_precision",
            "spam, precision at recall 0.9",
            comments,
            &youtube,
            at_recall(&youtube),
            Wanted::Nothing,
        ),
    ])
}

fn judged(folder: &Path, file: &str, split: fn(&str) -> Option<(&str, String)>) -> Result<Vec<Judged>> {
    let lines = read_if_there(&folder.join(file))?.unwrap_or_default();
    let texts = lines.lines().filter_map(split);
    let known = texts.filter(|(label, _)| matches!(*label, "spam" | "ham" | "legitimate"));
    let judged: Vec<Judged> = known
        .map(|(label, text)| {
            let judgement = text::spam::judge(&text);
            // The messages are never looked at: they judge what the comments helped to find.
            if super::wants_details()
                && file.starts_with("Youtube")
                && (label == "spam") != (judgement.likelihood >= text::spam::LIKELY)
            {
                crate::say(format_args!("{label} {:?} {text}", judgement.features));
            }
            (label == "spam", judgement.likelihood)
        })
        .collect();
    Ok(judged)
}

fn tab_separated(line: &str) -> Option<(&str, String)> {
    let (label, text) = line.split_once('\t')?;
    Some((label, text.to_owned()))
}

fn comma_separated(line: &str) -> Option<(&str, String)> {
    let (label, text) = line.split_once(',')?;
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    Some((label, bare.replace("\"\"", "\"")))
}

/// At the threshold that a filter uses by default.
fn f1(texts: &[Judged]) -> Option<f64> {
    let both = texts.iter().filter(|text| text.0 && is_spam(**text)).count();
    let (spam, called) = (
        texts.iter().filter(|text| text.0).count(),
        texts.iter().filter(|text| is_spam(**text)).count(),
    );
    (!texts.is_empty()).then(|| 2.0 * both as f64 / (spam + called).max(1) as f64)
}

fn is_spam(text: Judged) -> bool {
    text.1 >= text::spam::LIKELY
}

/// The share that is right among the likeliest that hold nine of ten spams.
fn at_recall(texts: &[Judged]) -> Option<f64> {
    let mut ranked: Vec<&Judged> = texts.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let needed = texts.iter().filter(|text| text.0).count() as f64 * 0.9;
    let (mut right, mut called) = (0.0, 0.0);
    for (spam, _) in ranked {
        called += 1.0;
        right += f64::from(u8::from(*spam));
        if right >= needed && right > 0.0 {
            return Some(right / called);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_small_table() {
        let texts = [(true, 0.9), (true, 0.8), (false, 0.7), (false, 0.1)];
        assert!(f1(&texts).is_some_and(|f1| (f1 - 0.8).abs() < 1e-9));
        assert!(at_recall(&texts).is_some_and(|precision| (precision - 1.0).abs() < 1e-9));
        assert_eq!(f1(&[]), None);
    }

    #[test]
    fn quotes_of_a_comma_separated_line() {
        assert_eq!(
            comma_separated("spam,\"a \"\"b\"\", c\""),
            Some(("spam", "a \"b\", c".to_owned()))
        );
    }
}
