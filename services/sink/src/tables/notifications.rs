//! Notifications as they were planned, by their ids: the first of each stays, so that one that is sent again is here once.

use super::known::first_of_each;
use super::{Row, Time};
use crate::rows::Place;
use crate::storable::{Json, identifier, json_or_null, text, time};
use model::Notification;
use sqlx::PgConnection;

columns! {
    /// One notification.
    NotificationRow {
        id: String,
        tenant: String,
        channel: String,
        group_key: String,
        origin: String,
        origin_id: String,
        subject: String,
        level: String,
        state: String,
        title: String,
        body: String,
        at: Time,
        planned_at: Time,
        facts: Option<Json>,
    }
}

const INSERT: &str = "\
    INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, subject, level, state, title, body, \
        time, planned_at, facts) \
    SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n::jsonb \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[]) \
        AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n) \
    WHERE NOT EXISTS (SELECT FROM notifications known WHERE known.id = a) ON CONFLICT DO NOTHING";

impl NotificationRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, first_of_each(rows, |row| &row.id), to).await
    }

    pub(crate) fn of(notification: Notification, place: &Place) -> Self {
        Self {
            id: identifier(notification.id),
            tenant: identifier(notification.tenant),
            channel: identifier(notification.channel),
            group_key: identifier(notification.group),
            origin: notification.origin.as_str().to_owned(),
            origin_id: identifier(notification.origin_id),
            subject: identifier(notification.subject),
            level: identifier(notification.level),
            state: identifier(notification.state),
            title: text(notification.title),
            body: text(notification.body),
            at: time(notification.time),
            planned_at: time(place.time),
            facts: json_or_null(&notification.facts),
        }
    }
}
