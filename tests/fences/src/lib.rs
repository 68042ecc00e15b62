//! Who may depend on whom, over a plain graph. No cargo, no files: the test reads the real graph and asks here.
//!
//! - A service never depends on a service: stages meet in Kafka only.
//! - One crate knows the Kafka client, so that one crate owns transactions and offsets. The bench knows it too, because
//!   it measures that crate against the client alone.
//! - Decisions stay free of runtime, broker, database and network, also through other crates of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The one crate of the stream that may name the Kafka client.
pub const KAFKA_OWNER: &str = "sluicebox-runtime";

/// The crate that measures the owner against the client alone.
pub const KAFKA_FLOOR: &str = "sluicebox-bench";

/// The crates in which decisions are made.
pub const PURE: [&str; 10] = [
    "sluicebox-admission",
    "sluicebox-model",
    "sluicebox-rules",
    "sluicebox-sameness",
    "sluicebox-scenario",
    "sluicebox-signals",
    "sluicebox-stage",
    "sluicebox-text",
    "sluicebox-topology",
    "sluicebox-windows",
];

const KAFKA: [&str; 2] = ["rdkafka", "rdkafka-sys"];
const OUTSIDE_WORLD: [&str; 11] = [
    "axum",
    "hyper",
    "rdkafka",
    "rdkafka-sys",
    "reqwest",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tokio-postgres",
    "ureq",
    "hyper-util",
];

/// One crate of the workspace.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Whether it lives under `services/`.
    pub service: bool,
    /// Names of what it depends on for use.
    pub normal: BTreeSet<String>,
    /// Names of what only its tests or its build script depend on.
    pub development: BTreeSet<String>,
}

/// The crates of the workspace by name.
pub type Workspace = BTreeMap<String, Member>;

/// A dependency that a fence forbids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A service depends on a service.
    ServiceOnService {
        /// Who.
        from: String,
        /// On whom.
        to: String,
    },
    /// A crate other than the owner names the Kafka client.
    KafkaOutsideRuntime {
        /// Who.
        from: String,
        /// What it names.
        client: String,
    },
    /// A crate of decisions reaches the outside world.
    Impure {
        /// Crates of ours from the crate of decisions to the one that names it.
        path: Vec<String>,
        /// What is named there.
        dependency: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceOnService { from, to } => {
                write!(
                    f,
                    "{from} depends on {to}: services meet in Kafka only; move what both need to libs/"
                )
            }
            Self::KafkaOutsideRuntime { from, client } => {
                write!(
                    f,
                    "{from} depends on {client}: only {KAFKA_OWNER} may; offer what is needed there"
                )
            }
            Self::Impure { path, dependency } => write!(
                f,
                "{} depends on {dependency}: decisions stay free of runtime, broker, database and network",
                path.join(" → ")
            ),
        }
    }
}

/// Everything that the fences forbid in this workspace; empty when all is well.
pub fn violations(workspace: &Workspace) -> Vec<Violation> {
    let mut found = services_on_services(workspace);
    found.extend(kafka_outside_runtime(workspace));
    found.extend(
        PURE.iter()
            .flat_map(|name| impurities(workspace, &[(*name).to_owned()], &mut BTreeSet::new())),
    );
    found
}

fn services_on_services(workspace: &Workspace) -> Vec<Violation> {
    let is_service = |name: &String| workspace.get(name).is_some_and(|member| member.service);
    let services = workspace.iter().filter(|(_, member)| member.service);
    services
        .flat_map(|(from, member)| all(member).filter(|to| is_service(to)).map(move |to| (from, to)))
        .map(|(from, to)| Violation::ServiceOnService {
            from: from.clone(),
            to: to.clone(),
        })
        .collect()
}

fn kafka_outside_runtime(workspace: &Workspace) -> Vec<Violation> {
    let others = workspace
        .iter()
        .filter(|(name, _)| ![KAFKA_OWNER, KAFKA_FLOOR].contains(&name.as_str()));
    others
        .flat_map(|(from, member)| {
            all(member)
                .filter(|name| is_any(&KAFKA, name))
                .map(move |client| (from, client))
        })
        .map(|(from, client)| Violation::KafkaOutsideRuntime {
            from: from.clone(),
            client: client.clone(),
        })
        .collect()
}

/// Follows crates of ours from the last of `path`; each is looked at once, so that a circle ends.
fn impurities(workspace: &Workspace, path: &[String], seen: &mut BTreeSet<String>) -> Vec<Violation> {
    let Some((name, member)) = path.last().and_then(|name| Some((name, workspace.get(name)?))) else {
        return Vec::new();
    };
    if !seen.insert(name.clone()) {
        return Vec::new();
    }
    let outside = member.normal.iter().filter(|name| is_any(&OUTSIDE_WORLD, name));
    let mut found: Vec<_> = outside
        .map(|dependency| Violation::Impure {
            path: path.to_vec(),
            dependency: dependency.clone(),
        })
        .collect();
    for next in member.normal.iter().filter(|name| workspace.contains_key(*name)) {
        let further = [path, std::slice::from_ref(next)].concat();
        found.extend(impurities(workspace, &further, seen));
    }
    found
}

fn all(member: &Member) -> impl Iterator<Item = &String> {
    member.normal.union(&member.development)
}

fn is_any(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}
