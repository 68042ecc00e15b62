//! What each part, story and topic belongs to since it was last heard of. No clock: what comes last in the stream holds.

use super::{Row, Time};
use crate::storable::{Json, finite, identifier, json_or_null, tenant, text, time};
use model::{StoryChange, StoryChangeKind as Kind};
use sqlx::PgConnection;

columns! {
    /// One link; a batch holds at most one of an id in a level.
    LinkRow {
        tenant: String,
        level: String,
        id: String,
        into_id: String,
        tier: Option<String>,
        similarity: Option<f64>,
        shared: Option<Json>,
        changed_at: Time,
    }
}

const INSERT: &str = "\
    INSERT INTO story_links (tenant, level, id, into_id, tier, similarity, shared, changed_at) \
    SELECT a, b, c, d, e, f, g::jsonb, h \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::double precision[], $7::text[], \
        $8::timestamptz[]) AS row (a, b, c, d, e, f, g, h) \
    ON CONFLICT (id, level, tenant) DO UPDATE SET into_id = excluded.into_id, tier = excluded.tier, \
        similarity = excluded.similarity, shared = excluded.shared, changed_at = excluded.changed_at";

/// Id, level and tenant: what tells links apart.
pub(crate) type LinkKey = (String, String, String);

/// Which links a link is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// From parts and stories to stories.
    Story,
    /// From stories and topics to topics.
    Topic,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Story => "story",
            Self::Topic => "topic",
        }
    }
}

/// The level of the link that a change makes, and where it leads; none where nothing belongs elsewhere than before.
fn links(change: &StoryChange) -> Option<(Level, &str)> {
    let into = change.into.as_deref();
    match change.kind {
        Kind::StoryOpened => Some((Level::Story, &change.id)),
        Kind::PartLinked | Kind::StoriesMerged => Some((Level::Story, into?)),
        Kind::TopicOpened => Some((Level::Topic, &change.id)),
        Kind::StoryGrouped | Kind::TopicsMerged => Some((Level::Topic, into?)),
        Kind::StoryEnded | Kind::TopicEnded => None,
    }
}

impl LinkRow {
    /// Writes the rows in the order of their keys: two writers of the same keys cannot deadlock.
    pub(crate) async fn write(mut rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        rows.sort_by(|a, b| a.key().cmp(&b.key()));
        Self::unnest(INSERT, rows, to).await
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.id, &self.level, &self.tenant)
    }

    /// A batch may hold each key once.
    pub(crate) fn own_key(&self) -> LinkKey {
        (self.id.clone(), self.level.clone(), self.tenant.clone())
    }

    /// The link that a change makes, if it makes one.
    pub(crate) fn of(change: &StoryChange) -> Option<Self> {
        let (level, into) = links(change)?;
        Some(Self {
            tenant: tenant(change.tenant.clone()),
            level: level.as_str().to_owned(),
            id: identifier(change.id.clone()),
            into_id: identifier(into.to_owned()),
            tier: change.tier.clone().map(text),
            similarity: change.similarity.map(finite),
            shared: json_or_null(&change.shared),
            changed_at: time(change.time),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_leads_to_itself_and_what_ends_nowhere() {
        let leads = |kind, into: Option<&str>| {
            let change = StoryChange {
                kind,
                id: "a".to_owned(),
                into: into.map(str::to_owned),
                ..StoryChange::default()
            };
            links(&change).map(|(level, into)| (level, into.to_owned()))
        };
        let (story, topic) = (
            |into: &str| Some((Level::Story, into.to_owned())),
            |into: &str| Some((Level::Topic, into.to_owned())),
        );
        assert_eq!(leads(Kind::StoryOpened, None), story("a"));
        assert_eq!(leads(Kind::PartLinked, Some("b")), story("b"));
        assert_eq!(leads(Kind::StoriesMerged, Some("b")), story("b"));
        assert_eq!(leads(Kind::TopicOpened, None), topic("a"));
        assert_eq!(leads(Kind::StoryGrouped, Some("b")), topic("b"));
        assert_eq!(leads(Kind::TopicsMerged, Some("b")), topic("b"));
        for kind in [Kind::StoryEnded, Kind::TopicEnded, Kind::PartLinked] {
            assert_eq!(leads(kind, None), None, "{kind:?}");
        }
    }
}
