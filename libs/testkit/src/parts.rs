//! The servers of a test run, started on demand. The script holds a lock, so test binaries may ask at once.

use tokio::sync::OnceCell;

use crate::error::TestkitError;
use crate::script::parts_script;

/// Where the servers for tests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Kafka, `host:port`.
    pub brokers: String,
    /// The schema registry, `http://host:port`.
    pub registry_url: String,
    /// PostgreSQL as a user who may create databases, `postgres://…`.
    pub postgres_url: String,
}

static PARTS: OnceCell<Result<Parts, TestkitError>> = OnceCell::const_new();

/// The servers of this test run; the first call of a process makes sure that they answer.
///
/// # Errors
/// They cannot be started; the error says why and how to mend it. Later calls give the same error at once.
pub async fn parts() -> Result<&'static Parts, TestkitError> {
    let found = PARTS.get_or_init(|| async {
        tokio::task::spawn_blocking(start)
            .await
            .unwrap_or_else(|stopped| {
                Err(TestkitError::Down {
                    command: "deploy/local/parts --test up".to_owned(),
                    reason: stopped.to_string(),
                })
            })
    });
    found.await.as_ref().map_err(Clone::clone)
}

fn start() -> Result<Parts, TestkitError> {
    parts_script(&["--test", "up"], &[])?;
    named_in(&parts_script(&["--test", "env"], &[])?)
}

/// Reads what `parts env` prints.
pub(crate) fn named_in(environment: &str) -> Result<Parts, TestkitError> {
    let value = |name: &'static str| {
        let line = environment.lines().find_map(|line| {
            line.strip_prefix("export ")?
                .strip_prefix(name)?
                .strip_prefix('=')
        });
        line.map(str::to_owned).ok_or(TestkitError::Unnamed { name })
    };
    Ok(Parts {
        brokers: value("SLUICEBOX__KAFKA__BROKERS")?,
        registry_url: value("SLUICEBOX__REGISTRY__URL")?,
        postgres_url: value("SLUICEBOX__POSTGRES__URL")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_script_prints() {
        let parts = named_in(
            "export SLUICEBOX__KAFKA__BROKERS=127.0.0.1:1\nexport SLUICEBOX__REGISTRY__URL=http://127.0.0.1:2\nexport SLUICEBOX__POSTGRES__URL=postgres://u:p@127.0.0.1:3/d\n",
        )
        .unwrap();
        assert_eq!(parts.brokers, "127.0.0.1:1");
        assert_eq!(parts.postgres_url, "postgres://u:p@127.0.0.1:3/d");
    }

    #[test]
    fn a_missing_address_is_an_error_and_no_default() {
        let error = named_in("export SLUICEBOX__KAFKA__BROKERS=127.0.0.1:1\n").unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            "`deploy/local/parts env` names no SLUICEBOX__REGISTRY__URL"
        );
    }
}
