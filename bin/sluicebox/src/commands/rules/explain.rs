//! `sluicebox rules explain`: of one event, what each condition was and why.

use super::{files, normalizing};
use crate::app::App;
use crate::failure::Failure;
use crate::output::{BAD, GOOD, STRONG, WARNING, say, styled};
use clap::Args;
use model::RawEvent;
use rules::{Explained, Facts, Given, Mode, RuleSet, Scope, Scoring, Study};
use serde_json::{Value as Json, json};
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
EVENT is a CloudEvent in JSON, which is normalized first, or facts by name as in the tests beside the rules
({\"type\": \"post\", \"data\": {\"amount\": 5}, \"market\": {\"liquidity_usd\": 9000}}), in JSON or YAML.

Example:
  sluicebox rules explain event.json
  echo '{\"type\": \"user.purchase\", \"data\": {\"amount\": 5000}}' | sluicebox rules explain - --all")]
pub(crate) struct ExplainArgs {
    /// A file with one event; - reads it from standard input
    event: PathBuf,
    /// Rule file or folder; without it, the scorer's
    #[arg(long, value_name = "PATH")]
    rules: Option<PathBuf>,
    /// Show rules that are false, too
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ExplainArgs, app: &App) -> Result<(), Failure> {
    let study = files::scoring(&files::read(&files::scoring_path(args.rules.as_ref(), app)?)?)?.study();
    let text = read(&args.event)?;
    let explained = match cloud_event(&text)? {
        Some(raw) => Explanation::of(&study, &normalizing::normalized(raw, &app.settings()?)?),
        None => Explanation::of(&study, &given(&text, app)?),
    };
    if args.json {
        say(explained.json(study.rules()));
    } else {
        explained.tell(study.rules(), args.all);
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::File(format!("{}: {error}", path.display()));
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(failed)
}

/// The raw event of a CloudEvent; `None` if the text is none.
fn cloud_event(text: &str) -> Result<Option<RawEvent>, Failure> {
    let is_cloud_event = serde_json::from_str::<Json>(text).is_ok_and(|json| {
        json.get("specversion").is_some() || json.get("source").is_some() && json.get("type").is_some()
    });
    if !is_cloud_event {
        return Ok(None);
    }
    RawEvent::from_json(text.as_bytes())
        .map(Some)
        .map_err(|error| Failure::Usage(error.to_string()))
}

/// Facts by name, with what the normalizer makes of them.
fn given(text: &str, app: &App) -> Result<Given, Failure> {
    let mut given = rules::read_given(text).map_err(|error| Failure::Usage(error.to_string()))?;
    given
        .normalize(&normalizing::of_tests(app)?)
        .map_err(Failure::Check)?;
    Ok(given)
}

/// What all rules say of one event.
struct Explanation {
    rules: Vec<Explained>,
    scorings: [Scoring; 2],
}

impl Explanation {
    fn of(study: &Study, facts: &dyn Facts) -> Self {
        Self {
            rules: study.explain(facts),
            scorings: [Scope::Event, Scope::Signal].map(|scope| study.rules().score(facts, scope)),
        }
    }

    fn score(&self) -> f64 {
        self.scorings.iter().map(|scoring| scoring.score).sum()
    }

    fn tell(&self, rules: &RuleSet, all: bool) {
        for rule in self
            .rules
            .iter()
            .filter(|rule| all || rule.outcome != Some(false))
        {
            tell_rule(rule);
        }
        let decided = self
            .rules
            .iter()
            .filter(|rule| rule.outcome == Some(false))
            .count();
        if !all && decided > 0 {
            say(format_args!("{decided} rules are false; --all shows them"));
        }
        say("");
        for reason in self.scorings.iter().flat_map(|scoring| &scoring.reasons) {
            say(format_args!(
                "{:>8} {:<24} {}",
                signed(reason.points),
                reason.rule,
                reason.text
            ));
        }
        let (could_add, could_take) = self.scorings.iter().fold((0.0, 0.0), |(add, take), scoring| {
            (
                add + scoring.coverage.could_add,
                take + scoring.coverage.could_take,
            )
        });
        let level = rules.level_for(self.score());
        say(format_args!(
            "{} {}",
            styled(STRONG, format_args!("{:>8}", signed(self.score()))),
            styled(STRONG, level)
        ));
        if could_add > 0.0 || could_take < 0.0 {
            say(format_args!(
                "         were all known, between {} and {}",
                signed(self.score() + could_take),
                signed(self.score() + could_add)
            ));
        }
        if let Some(shadow) = self.scorings.iter().find_map(|scoring| scoring.shadow.as_ref()) {
            say(format_args!(
                "         with the rules on trial {} {}",
                signed(shadow.score),
                shadow.level
            ));
        }
    }

    fn json(&self, rules: &RuleSet) -> Json {
        let described = self.rules.iter().map(|rule| {
            let sides: Vec<Json> = rule
                .sides
                .iter()
                .map(|(text, outcome)| json!({"text": text, "outcome": word(*outcome)}))
                .collect();
            let values: serde_json::Map<String, Json> = rule
                .values
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            json!({"rule": rule.rule, "group": rule.group, "file": rule.place.0, "line": rule.place.1,
                "condition": rule.condition, "outcome": word(rule.outcome), "points": rule.points,
                "counted": rule.mode == Mode::Live, "sides": sides, "values": values})
        });
        let unknown: Vec<&String> = self
            .scorings
            .iter()
            .flat_map(|scoring| &scoring.unknown)
            .collect();
        json!({"rules": described.collect::<Vec<_>>(), "score": self.score(), "level": rules.level_for(self.score()),
            "unknown": unknown, "version": rules.version()})
    }
}

fn tell_rule(rule: &Explained) {
    let outcome = match rule.outcome {
        Some(true) => styled(GOOD, "true   "),
        Some(false) => "false  ".to_owned(),
        None => styled(WARNING, "unknown"),
    };
    let trial = if rule.mode == Mode::Live {
        ""
    } else {
        " (on trial)"
    };
    say(format_args!(
        "{outcome} {:>6} {}{trial}  {}:{}",
        signed(rule.points),
        styled(STRONG, &rule.rule),
        rule.place.0,
        rule.place.1
    ));
    say(format_args!("               {}", rule.condition));
    for (side, outcome) in &rule.sides {
        say(format_args!("               {:<8} {side}", word(*outcome)));
    }
    let values = rule.values.iter().map(|(name, value)| match value {
        Some(value) if value.is_empty() => format!("{name} is empty"),
        Some(value) => format!("{name} = {value}"),
        None => format!("{name} {}", styled(BAD, "not known")),
    });
    say(format_args!(
        "               {}",
        values.collect::<Vec<_>>().join(", ")
    ));
}

fn word(outcome: Option<bool>) -> &'static str {
    match outcome {
        Some(true) => "true",
        Some(false) => "false",
        None => "unknown",
    }
}

fn signed(points: f64) -> String {
    format!("{points:+}")
}
