//! Stories and topics against what people said belongs together: headlines in one pass, without looking ahead.

mod b_cubed;
mod data;
mod pipeline;

use super::report::{Row, Wanted};
use crate::random::SplittableRandom;
use anyhow::Result;
use data::Item;
use pipeline::{Placed, Setting, place};
use sameness::Method;
use std::collections::BTreeMap;
use std::path::Path;

/// Random orders whose mean is given.
const ORDERS: u64 = 4;
/// Partitions of the simulation.
const PARTITIONS: usize = 12;
/// Items of a cluster that is called a blob.
const BLOB: usize = 30;

pub(crate) fn rows(data: &Path) -> Result<Vec<Row>> {
    let mut rows = news(&data::news(&data.join("news-stories/news.csv"))?);
    rows.push(scoop(&data::scoop(
        &data.join("same-story/scoop/scraped_news.jsonl"),
    )?));
    rows.extend(crypto(&data::crypto(&data.join("posts/cryptonews.csv"))?));
    Ok(rows)
}

fn news(items: &[Item]) -> Vec<Row> {
    let on = "headlines of 45 topics";
    let row = |name, what, value: f64, wanted| figure(name, what, on, items, value, wanted);
    let whole = Setting::default();
    let words = Setting {
        method: Method::Words,
        ..whole
    };
    let split = Setting {
        partitions: PARTITIONS,
        ..whole
    };
    let given: Vec<&Item> = items.iter().collect();
    let placed = place(&given, whole);
    let split_placed = place(&given, split);
    let topics = |least: usize| sizes(&placed).values().filter(|size| **size >= least).count() as f64;
    let true_ones = data::true_ones(items) as f64;
    let messages = |placed: &Placed| placed.messages as f64 / items.len().max(1) as f64;
    vec![
        row(
            "news_b3_f1",
            "topics, B³ F1, given order",
            f1(&given, &placed),
            Wanted::AtLeast(0.855),
        ),
        row(
            "news_shuffled_b3_f1",
            "topics, B³ F1, mean of four random orders",
            shuffled(items, whole),
            Wanted::AtLeast(0.85),
        ),
        row(
            "news_words_b3_f1",
            "topics by words alone, B³ F1",
            f1(&given, &place(&given, words)),
            Wanted::AtLeast(0.84),
        ),
        row(
            "news_topics_per_story",
            "topics opened a true one",
            topics(1) / true_ones,
            Wanted::AtMost(2.5),
        ),
        row(
            "news_topics_of_two_per_story",
            "of these, topics of two texts and more",
            topics(2) / true_ones,
            Wanted::Nothing,
        ),
        row(
            "news_12_partitions_b3_f1",
            "topics over 12 partitions, B³ F1, given order",
            f1(&given, &split_placed),
            Wanted::AtLeast(0.845),
        ),
        row(
            "news_12_partitions_shuffled_b3_f1",
            "the same, mean of four random orders",
            shuffled(items, split),
            Wanted::AtLeast(0.84),
        ),
        row(
            "news_messages_per_event",
            "messages to the second phase an event",
            messages(&placed),
            Wanted::Nothing,
        ),
        row(
            "news_12_partitions_messages_per_event",
            "the same from 12 partitions",
            messages(&split_placed),
            Wanted::Nothing,
        ),
    ]
}

fn scoop(items: &[Item]) -> Row {
    let given: Vec<&Item> = items.iter().collect();
    let placed = place(&given, Setting::default());
    let value = b_cubed::f1(
        given
            .iter()
            .map(|item| item.truth.as_str())
            .zip(placed.stories.iter().copied()),
    );
    figure(
        "scoop_b3_f1",
        "stories, B³ F1",
        "news items of 356 stories",
        items,
        value,
        Wanted::AtLeast(0.97),
    )
}

fn crypto(items: &[Item]) -> Vec<Row> {
    let given: Vec<&Item> = items.iter().collect();
    let placed = place(&given, Setting::default());
    let sizes = sizes(&placed);
    let largest = sizes.values().max().copied().unwrap_or(0) as f64;
    let in_blobs: usize = sizes.values().filter(|size| **size >= BLOB).sum();
    let share = in_blobs as f64 / items.len().max(1) as f64;
    let on = "crypto headlines of nine months";
    vec![
        figure(
            "crypto_largest",
            "items of the largest topic",
            on,
            items,
            largest,
            Wanted::AtMost(60.0),
        ),
        figure(
            "crypto_blob_share",
            "share in topics of 30 and more",
            on,
            items,
            share,
            Wanted::AtMost(0.03),
        ),
    ]
}

fn figure(
    name: &'static str,
    what: &'static str,
    on: &'static str,
    items: &[Item],
    value: f64,
    wanted: Wanted,
) -> Row {
    let value = (!items.is_empty()).then_some(value);
    Row {
        name,
        what,
        on,
        n: items.len(),
        value,
        wanted,
    }
}

fn f1(items: &[&Item], placed: &Placed) -> f64 {
    b_cubed::f1(
        items
            .iter()
            .map(|item| item.truth.as_str())
            .zip(placed.topics.iter().copied()),
    )
}

fn shuffled(items: &[Item], setting: Setting) -> f64 {
    let of = |seed| {
        let mut order: Vec<&Item> = items.iter().collect();
        let mut random = SplittableRandom::new(seed);
        for last in (1..order.len()).rev() {
            let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
            order.swap(last, random.below(bound) as usize);
        }
        f1(&order, &place(&order, setting))
    };
    (1..=ORDERS).map(of).sum::<f64>() / ORDERS as f64
}

/// How many items each topic has.
fn sizes(placed: &Placed) -> BTreeMap<sameness::ClusterId, usize> {
    let mut sizes = BTreeMap::new();
    for topic in &placed.topics {
        *sizes.entry(*topic).or_default() += 1;
    }
    sizes
}
