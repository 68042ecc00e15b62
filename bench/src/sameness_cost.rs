//! `sameness`: CPU of a text's way to its story and topic, tokenising included, against the number of open stories, and
//! what an open story takes of memory. In one thread, without Kafka.

use crate::random::SplittableRandom;
use crate::{machine, process, say};
use clap::Args;
use sameness::near::{NearIndex, NearText, compare};
use sameness::{
    Cluster, ClusterId, Method, Reading, SlowWeights, Stories, StoryLimits, TopicLimits, TopicStores, Topics,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Words of English, each with a number that is not read.
const WORDS: &str = include_str!("../../libs/text/src/sentiment/lexicon.txt");
/// Words of a headline.
const LENGTH: usize = 9;
/// Texts of one measurement.
const TEXTS: usize = 20_000;

/// What it costs to find the story and the topic of a text among many open ones
#[derive(Args)]
pub(crate) struct SamenessArgs {
    /// Open stories at most
    #[arg(long, default_value_t = 50_000)]
    stories: usize,
}

pub(crate) fn run(args: &SamenessArgs) {
    say(machine::line());
    say("| open stories | µs of CPU a text: read | story | topic | all |\n|---|---|---|---|---|");
    let mut curve = BTreeMap::new();
    let mut most = None;
    // The most first: memory that smaller ones gave back would hide what it takes.
    for share in [1, 2, 4, 10, 50] {
        let open = args.stories / share;
        let cost = measure(open);
        let Cost {
            read, story, topic, ..
        } = cost;
        say(format_args!(
            "| {open} | {read:.1} | {story:.1} | {topic:.1} | {:.1} |",
            cost.all()
        ));
        curve.insert(open, rounded(cost.all()));
        most.get_or_insert(cost);
    }
    let most = most.unwrap_or_default();
    let near = near_us();
    say(format_args!(
        "{:.0} bytes a story in the first phase, {:.0} more in the second; {near:.1} µs a text for near copies",
        most.story_bytes, most.topic_bytes
    ));
    say(json!({
        "bench": "sameness",
        "date": machine::date(),
        "commit": machine::commit(),
        "story_us": rounded(most.all()),
        "story_us_by_open": curve,
        "near_us": rounded(near),
        "bytes_per_story": most.story_bytes.round(),
        "bytes_per_topic_story": most.topic_bytes.round(),
    }));
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// µs a text, and bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    read: f64,
    story: f64,
    topic: f64,
    story_bytes: f64,
    topic_bytes: f64,
}

impl Cost {
    fn all(&self) -> f64 {
        self.read + self.story + self.topic
    }
}

/// Headlines of random words, the frequent ones more often; every second one tells a story that is open again.
struct Headlines {
    words: Vec<&'static str>,
    random: SplittableRandom,
    told: Vec<String>,
    kept: usize,
}

impl Headlines {
    fn new(kept: usize) -> Self {
        let lines = WORDS.lines().filter(|line| !line.starts_with('#'));
        let words = lines.filter_map(|line| line.split('\t').next());
        let mut words: Vec<&str> = words
            .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            .collect();
        let mut random = SplittableRandom::new(1);
        for last in (1..words.len()).rev() {
            words.swap(last, below(&mut random, last + 1));
        }
        Self {
            words,
            random,
            told: Vec::new(),
            kept,
        }
    }

    /// Log-uniform: each doubling of the rank is as likely.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below the number of words"
    )]
    fn word(&mut self) -> &'static str {
        let part = f64::from(self.random.below(1 << 24)) / f64::from(1 << 24);
        let rank = (self.words.len() as f64).powf(0.25 + 0.75 * part) as usize;
        self.words[rank.min(self.words.len() - 1)]
    }

    fn next(&mut self) -> String {
        if self.random.below(2) == 0 || self.told.is_empty() {
            let words: Vec<&str> = (0..LENGTH).map(|_| self.word()).collect();
            let text = words.join(" ");
            if self.told.len() < self.kept {
                self.told.push(text.clone());
            } else {
                let at = below(&mut self.random, self.kept);
                self.told[at].clone_from(&text);
            }
            return text;
        }
        let at = below(&mut self.random, self.told.len());
        let other = self.word();
        let again = self.told[at].clone();
        let replaced = below(&mut self.random, LENGTH);
        let words = again.split(' ').enumerate();
        words
            .map(|(place, word)| if place == replaced { other } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn below(random: &mut SplittableRandom, bound: usize) -> usize {
    random.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
}

fn measure(open: usize) -> Cost {
    let mut headlines = Headlines::new(open);
    let slow = SlowWeights::default();
    let mut stories = Stories::new(StoryLimits {
        most: open,
        ..StoryLimits::default()
    });
    let mut kept: HashMap<ClusterId, Cluster> = HashMap::new();
    let mut said = Vec::new();
    let (mut cost, mut id) = (Cost::default(), 0_u128);
    let own = std::process::id();
    let before = process::resident_mib(own);
    while stories.len() < open {
        id += 1;
        let reading = Reading::of(&headlines.next(), None, &slow, Method::default());
        stories.join(
            &mut kept,
            ClusterId(id),
            &reading,
            i64::try_from(id).unwrap_or(i64::MAX),
        );
    }
    cost.story_bytes = (process::resident_mib(own) - before) * 1_048_576.0 / open as f64;
    for _ in 0..TEXTS {
        id += 1;
        let (text, time) = (headlines.next(), i64::try_from(id).unwrap_or(i64::MAX));
        let reading = timed(&mut cost.read, || {
            Reading::of(&text, None, &slow, Method::default())
        });
        let joined = timed(&mut cost.story, || {
            stories.join(&mut kept, ClusterId(id), &reading, time)
        });
        said.extend(joined.and_then(|joined| joined.told));
    }
    second_phase(open, &said, &kept, &mut cost);
    for part in [&mut cost.read, &mut cost.story, &mut cost.topic] {
        *part *= 1e6 / TEXTS as f64;
    }
    cost
}

/// Folds what was said while it was measured, after the stories that are open.
fn second_phase(
    open: usize,
    said: &[sameness::Representative],
    kept: &HashMap<ClusterId, Cluster>,
    cost: &mut Cost,
) {
    let mut topics = Topics::new(TopicLimits {
        most: open,
        ..TopicLimits::default()
    });
    let (mut story_clusters, mut topic_clusters) = (HashMap::new(), HashMap::new());
    let (mut story_links, mut topic_links) = (BTreeMap::new(), BTreeMap::new());
    let mut stores = TopicStores {
        stories: &mut story_clusters,
        topics: &mut topic_clusters,
        story_links: &mut story_links,
        topic_links: &mut topic_links,
    };
    let own = std::process::id();
    let before = process::resident_mib(own);
    for (id, cluster) in kept {
        let (sums, first, last) = (cluster.sums.clone(), cluster.first, cluster.last);
        let story = sameness::Representative {
            story: *id,
            sums,
            first,
            last,
            of_new_stream: cluster.of_new_stream,
        };
        topics.fold(&mut stores, &story);
    }
    cost.topic_bytes = (process::resident_mib(own) - before) * 1_048_576.0 / open as f64;
    for said in said {
        timed(&mut cost.topic, || topics.fold(&mut stores, said));
    }
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let before = process::thread_seconds();
    let done = work();
    *seconds += process::thread_seconds() - before;
    done
}

/// µs a text to read it for near copies and to compare it with its candidates.
fn near_us() -> f64 {
    let mut headlines = Headlines::new(TEXTS);
    let texts: Vec<String> = (0..TEXTS).map(|_| headlines.next()).collect();
    let (mut index, mut known, mut seconds) = (NearIndex::default(), Vec::new(), 0.0);
    timed(&mut seconds, || {
        for text in &texts {
            let near = NearText::of(text);
            let same = index
                .candidates(&near)
                .into_iter()
                .any(|at: usize| compare(&near, &known[at]).is_same());
            if !same {
                index.add(known.len(), &near);
                known.push(near);
            }
        }
    });
    seconds * 1e6 / TEXTS as f64
}
