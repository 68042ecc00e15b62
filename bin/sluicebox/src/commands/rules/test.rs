//! `sluicebox rules test`: the tests beside the rules, for people, for TAP and for `JUnit`.

use super::{files, normalizing};
use crate::app::App;
use crate::failure::Failure;
use crate::output::{BAD, GOOD, STRONG, say, styled};
use clap::{Args, ValueEnum};
use rules::{Normalize, RuleCoverage, TestOutcome, run_tests};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  sluicebox rules test --coverage\n  sluicebox rules test rules/scoring --output junit > rules.xml"
)]
pub(crate) struct TestArgs {
    /// Rule file or folder; without it, the scorer's and the detector's
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How the outcome is written
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// Show which sides of which conditions the tests saw only one way
    #[arg(long)]
    coverage: bool,
    /// Exit with 1 when the tests see less than this share of the sides both true and false
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    least_coverage: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Tap,
    Junit,
}

/// What came of all tests.
#[derive(Default)]
struct Tried {
    outcomes: Vec<TestOutcome>,
    coverage: Vec<RuleCoverage>,
}

pub(crate) fn run(args: &TestArgs, app: &App) -> Result<(), Failure> {
    let mut tried = Tried::default();
    for path in files::all_paths(&args.paths, app)? {
        try_path(&path, &normalizing::of_tests(app)?, &mut tried)?;
    }
    match args.output {
        Output::Text => tried.tell(args.coverage),
        Output::Tap => tried.tap(),
        Output::Junit => tried.junit(),
    }
    let failed = tried.failed().count();
    if failed > 0 {
        return Err(Failure::Check(format!(
            "{failed} of {} tests failed",
            tried.outcomes.len()
        )));
    }
    let (seen, all) = tried.seen();
    match args.least_coverage {
        Some(least) if seen * 100 < all * usize::from(least) => Err(Failure::Check(format!(
            "tests see {seen} of {all} sides both ways, less than {least} %"
        ))),
        _ => Ok(()),
    }
}

fn try_path(path: &Path, normalize: Normalize<'_>, tried: &mut Tried) -> Result<(), Failure> {
    let texts = files::read(path)?;
    let sorted = rules::sorted_files(&texts);
    if !sorted.detections.is_empty() {
        let detections = files::detections_of(&sorted.detections)?;
        tried
            .outcomes
            .extend(detector::run_normalized_tests(&detections, normalize));
    }
    if !sorted.scoring.is_empty() {
        let mut rules = files::scoring_of(&sorted.scoring)?;
        rules.normalize_cases(normalize);
        let study = rules.study();
        tried.outcomes.extend(run_tests(study.rules()));
        tried.coverage.extend(study.coverage());
    }
    Ok(())
}

impl Tried {
    fn failed(&self) -> impl Iterator<Item = &TestOutcome> {
        self.outcomes.iter().filter(|outcome| !outcome.passed())
    }

    /// Sides of conditions seen both ways, and all.
    fn seen(&self) -> (usize, usize) {
        let shares = self.coverage.iter().map(RuleCoverage::share);
        shares.fold((0, 0), |(seen, all), (one, of)| (seen + one, all + of))
    }

    fn tell(&self, coverage: bool) {
        for outcome in self.failed() {
            let place = format!("{}:{}", outcome.file, outcome.line);
            say(format_args!(
                "{} {}: {}",
                styled(BAD, "failed"),
                styled(STRONG, place),
                outcome.name
            ));
            for failure in &outcome.failures {
                say(format_args!("  {failure}"));
            }
        }
        if coverage {
            self.tell_coverage();
        }
        let (seen, all) = self.seen();
        let passed = self.outcomes.len() - self.failed().count();
        say(format_args!(
            "{} passed, {} failed",
            styled(GOOD, passed),
            self.failed().count()
        ));
        if let Some(percent) = (seen * 100).checked_div(all) {
            say(format_args!(
                "{seen} of {all} sides of conditions were seen both true and false ({percent} %)"
            ));
        }
    }

    fn tell_coverage(&self) {
        for rule in &self.coverage {
            let open = rule.sides.iter().filter(|(_, seen)| !seen.both_ways());
            for (side, seen) in open {
                let side = side.split_whitespace().collect::<Vec<_>>().join(" ");
                let (file, line) = &rule.place;
                say(format_args!(
                    "{file}:{line} {}: `{side}` true {}, false {}, unknown {}",
                    rule.rule, seen.holds, seen.fails, seen.unknown
                ));
            }
        }
    }

    fn tap(&self) {
        say("TAP version 14");
        say(format_args!("1..{}", self.outcomes.len()));
        for (at, outcome) in self.outcomes.iter().enumerate() {
            let verdict = if outcome.passed() { "ok" } else { "not ok" };
            say(format_args!(
                "{verdict} {} - {}: {}",
                at + 1,
                outcome.file,
                outcome.name.replace('#', "\\#")
            ));
            for failure in &outcome.failures {
                say(format_args!("# {failure}"));
            }
        }
    }

    fn junit(&self) {
        say("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        let (all, failed) = (self.outcomes.len(), self.failed().count());
        say(format_args!(
            "<testsuites tests=\"{all}\" failures=\"{failed}\"><testsuite name=\"rules\" tests=\"{all}\" failures=\"{failed}\">"
        ));
        for outcome in &self.outcomes {
            let (file, name) = (escaped(&outcome.file), escaped(&outcome.name));
            let start = format!(
                "  <testcase classname=\"{file}\" file=\"{file}\" line=\"{}\" name=\"{name}\"",
                outcome.line
            );
            if outcome.passed() {
                say(format_args!("{start}/>"));
            } else {
                let message = escaped(&outcome.failures.join("; "));
                say(format_args!(
                    "{start}><failure message=\"{message}\"/></testcase>"
                ));
            }
        }
        say("</testsuite></testsuites>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
