//! `sluicebox keys`: the file of API keys.

use crate::app::App;
use crate::commands::table;
use crate::failure::Failure;
use crate::output;
use access::{Globs, KeyEntry, KeyFileError, KeyTable, NewKey, Rate, Scope, key_file};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use std::io;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  sluicebox keys add shop --tenant acme --scope ingest --source '/shop/*' --type 'user.*' --events-per-s 500
  sluicebox keys add board --tenant acme --scope read --expires 90d
  sluicebox keys add operator --tenant '*' --scope admin
  sluicebox keys list
  sluicebox keys revoke shop

A key is printed once and never again: the file holds its SHA-256 hash. Several keys of one name are one sender, so
add the new one, hand it out, then revoke the old one by its id. Processes that run follow the file.
Scopes: ingest (send events), read (ask the API), admin (read, and payloads of dead letters), trusted (what the sender
says of itself counts: author_weight, spam, sentiment, subjects of other sources).";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KeysArgs {
    #[expect(clippy::doc_markdown, reason = "the help shows it as it is written")]
    /// The file, instead of access.keys_file
    #[arg(long, global = true, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it
    Add(AddArgs),
    /// Show every key, without what is secret
    List {
        /// As JSON, one key a line
        #[arg(long)]
        json: bool,
    },
    /// Refuse a key, or all keys of a name, from now on
    Revoke {
        /// The name, or the id that stands behind `sbx_` in the key
        key: String,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Who holds it: a-z, A-Z, 0-9, `.`, `_`, `-`
    name: String,
    /// Whose data: the tenant of its events and of its answers; `*` for every tenant
    #[arg(long, default_value = model::DEFAULT_TENANT)]
    tenant: String,
    /// What it may do: ingest, read, admin, trusted; several times or with commas
    #[arg(long = "scope", required = true, value_delimiter = ',', value_parser = scope)]
    scopes: Vec<Scope>,
    /// Sources it may send events of, `*` standing for any characters; any if not given
    #[arg(long = "source", value_name = "PATTERN")]
    sources: Vec<String>,
    /// Types of events it may send; any if not given
    #[arg(long = "type", value_name = "PATTERN")]
    types: Vec<String>,
    /// Most events a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    events_per_s: Option<u64>,
    /// Most bytes of bodies a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    bytes_per_s: Option<u64>,
    /// From when on it is refused: a time (RFC 3339) or how long from now (90d)
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    expires: Option<DateTime<Utc>>,
}

fn scope(name: &str) -> Result<Scope, String> {
    Scope::named(name).ok_or_else(|| "must be one of ingest, read, admin, trusted".to_owned())
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let span = humantime::parse_duration(text)
        .map_err(|_| "must be a time such as 2030-01-31T00:00:00Z or a span such as 90d".to_owned())?;
    let span = chrono::Duration::from_std(span).map_err(|_| "is too far away".to_owned())?;
    Utc::now()
        .checked_add_signed(span)
        .ok_or_else(|| "is too far away".to_owned())
}

pub(crate) fn run(args: KeysArgs, app: &App) -> Result<(), Failure> {
    let path = match args.file {
        Some(path) => path,
        None => app.settings()?.access.keys_file.ok_or_else(|| {
            Failure::Usage("no file of keys: give --file, or set access.keys_file".to_owned())
        })?,
    };
    match args.command {
        KeysCommand::Add(new) => add(&path, new),
        KeysCommand::List { json } => list(&path, json),
        KeysCommand::Revoke { key } => revoke(&path, &key),
    }
}

fn add(path: &Path, new: AddArgs) -> Result<(), Failure> {
    let key =
        key_file::new_key().ok_or_else(|| Failure::File("the system gives no random bytes".to_owned()))?;
    let new = NewKey {
        name: new.name,
        tenant: new.tenant,
        scopes: new.scopes.into_iter().collect(),
        sources: patterns(new.sources),
        types: patterns(new.types),
        rate: Rate {
            events_per_s: new.events_per_s,
            bytes_per_s: new.bytes_per_s,
        },
        expires: new.expires,
    };
    let changed = key_file::change(path, |text| {
        Ok::<_, Broken>((KeyTable::read(text)?.with(text, &key, new, Utc::now())?, ()))
    });
    changed.map_err(|broken| broken.failure(path))?;
    output::say(key.expose());
    output::tell(format!(
        "this is the only time it is shown; {} holds its hash",
        path.display()
    ));
    Ok(())
}

fn patterns(given: Vec<String>) -> Globs {
    if given.is_empty() {
        Globs::any()
    } else {
        Globs::of(given)
    }
}

fn list(path: &Path, json: bool) -> Result<(), Failure> {
    let broken = |broken: Broken| broken.failure(path);
    let text = key_file::read(path).map_err(|error| broken(error.into()))?;
    let table = KeyTable::read(&text).map_err(|error| broken(error.into()))?;
    if json {
        for entry in table.entries() {
            output::say(serde_json::to_string(entry).unwrap_or_default());
        }
        return Ok(());
    }
    let headings = [
        "id", "name", "tenant", "scopes", "sources", "types", "events/s", "bytes/s", "state",
    ];
    let now = Utc::now();
    let rows: Vec<_> = table.entries().iter().map(|entry| row(entry, now)).collect();
    table::lines(&headings, &rows).iter().for_each(output::say);
    Ok(())
}

fn row(entry: &KeyEntry, now: DateTime<Utc>) -> [String; 9] {
    let rate = |rate: Option<u64>| rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
    let scopes: Vec<_> = entry.scopes.iter().map(|scope| scope.name()).collect();
    [
        entry.id.clone(),
        entry.name.clone(),
        entry.tenant.clone(),
        scopes.join(","),
        entry.sources.listed(),
        entry.types.listed(),
        rate(entry.events_per_s),
        rate(entry.bytes_per_s),
        state(entry, now),
    ]
}

fn state(entry: &KeyEntry, now: DateTime<Utc>) -> String {
    let day = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ");
    match (entry.revoked, entry.expires) {
        (Some(revoked), _) => format!("revoked {}", day(revoked)),
        (None, Some(expires)) if expires <= now => format!("expired {}", day(expires)),
        (None, Some(expires)) => format!("until {}", day(expires)),
        (None, None) => "good".to_owned(),
    }
}

fn revoke(path: &Path, key: &str) -> Result<(), Failure> {
    let changed = key_file::change(path, |text| {
        KeyTable::read(text)?;
        Ok::<_, Broken>(KeyTable::without(text, key, Utc::now())?)
    });
    let revoked = changed.map_err(|broken| broken.failure(path))?;
    output::say(format!("{revoked} revoked"));
    Ok(())
}

/// What can be wrong with the file.
enum Broken {
    Io(io::Error),
    Keys(KeyFileError),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<KeyFileError> for Broken {
    fn from(error: KeyFileError) -> Self {
        Self::Keys(error)
    }
}

impl Broken {
    fn failure(self, path: &Path) -> Failure {
        let path = path.display();
        match self {
            Self::Io(error) => Failure::File(format!(
                "{path}: {error}; check the folder and who may write there"
            )),
            Self::Keys(error @ KeyFileError::Line { .. }) => Failure::File(format!("{path}, {error}")),
            Self::Keys(error) => Failure::Usage(error.to_string()),
        }
    }
}
