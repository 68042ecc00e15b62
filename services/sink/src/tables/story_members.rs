//! Which part of a story each text belongs to. Of a text that came by several partitions at one time the lowest part stays,
//! whichever is read first, so that the rows say what the topics say.

use super::{Row, Time};
use crate::storable::{identifier, tenant, time};
use model::StoryMember;
use sqlx::PgConnection;

columns! {
    /// One text.
    MemberRow {
        source: String,
        event_id: String,
        tenant: String,
        at: Time,
        part: String,
        copy: bool,
    }
}

const INSERT: &str = "\
    INSERT INTO story_members (source, event_id, tenant, time, part, copy) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::boolean[]) \
    ON CONFLICT (source, event_id, tenant, time) DO UPDATE SET part = excluded.part, copy = excluded.copy \
    WHERE excluded.part < story_members.part";

impl MemberRow {
    /// Writes the rows in the order of their keys: two writers of the same keys cannot deadlock.
    pub(crate) async fn write(mut rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        rows.sort_by(|a, b| (a.key(), &a.part).cmp(&(b.key(), &b.part)));
        rows.dedup_by(|a, b| a.key() == b.key());
        Self::unnest(INSERT, rows, to).await
    }

    fn key(&self) -> (&str, &str, &str, Time) {
        (&self.source, &self.event_id, &self.tenant, self.at)
    }

    pub(crate) fn of(member: StoryMember) -> Self {
        Self {
            source: identifier(member.source),
            event_id: identifier(member.event_id),
            tenant: tenant(member.tenant),
            at: time(member.time),
            part: identifier(member.part),
            copy: member.copy,
        }
    }
}
