//! How the day is sent: requests to the HTTP edge, and records put on the ingest topic as they are.

use super::form::{self, Form};
use model::{Millis, RawEvent};

/// One thing to send.
#[derive(Debug, Clone)]
pub enum Shipment {
    /// A request to the HTTP edge.
    Post(Post),
    /// A record for the ingest topic.
    Put(Put),
}

/// A POST request.
#[derive(Debug, Clone)]
pub struct Post {
    /// Path of the edge.
    pub path: &'static str,
    /// Header `Content-Type`.
    pub content_type: &'static str,
    /// Whether it carries an API key.
    pub authorized: bool,
    /// The body.
    pub body: Vec<u8>,
    /// What must be answered.
    pub answer: Answer,
}

/// What must be answered to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 202, with this many events taken.
    Accepted(usize),
    /// Any 4xx with problem details; nothing is taken.
    Refused,
}

/// A record that goes straight to Kafka.
#[derive(Debug, Clone)]
pub struct Put {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Value,
}

/// The value of a record.
#[derive(Debug, Clone)]
pub enum Value {
    /// As an honest producer writes it: Avro in wire format.
    Avro(Box<RawEvent>),
    /// The same, cut in the middle of the datum.
    CutAvro(Box<RawEvent>),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// What is sent at one time.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: Millis,
    pub(super) what: What,
}

/// An event in one of its forms, or something else as it is.
#[derive(Debug, Clone)]
pub(super) enum What {
    Event(Form, Box<RawEvent>),
    Other(Shipment),
}

/// Events within this time travel together, as clients collect them.
const TOGETHER: Millis = 15 * 60 * 1000;
/// Most events in one request.
const MOST_TOGETHER: usize = 50;

/// Sorts by time and packs events of one form into requests. A user keeps to one form, so the order of what is about
/// one user stays.
pub(super) fn pack(mut entries: Vec<Entry>) -> Vec<Shipment> {
    entries.sort_by_key(|entry| entry.at);
    let mut shipments = Vec::new();
    let mut open: Vec<(Form, Vec<RawEvent>)> = Form::ALL.map(|form| (form, Vec::new())).into();
    let mut until = i64::MIN;
    for entry in entries {
        if entry.at >= until {
            close_all(&mut open, &mut shipments);
            until = entry.at + TOGETHER;
        }
        match entry.what {
            What::Other(shipment) => shipments.push(shipment),
            What::Event(form, event) => {
                if let Some((form, events)) = open.iter_mut().find(|(known, _)| *known == form) {
                    events.push(*event);
                    if events.len() >= MOST_TOGETHER {
                        close(*form, events, &mut shipments);
                    }
                }
            }
        }
    }
    close_all(&mut open, &mut shipments);
    shipments
}

fn close_all(open: &mut [(Form, Vec<RawEvent>)], shipments: &mut Vec<Shipment>) {
    for (form, events) in open {
        close(*form, events, shipments);
    }
}

fn close(form: Form, events: &mut Vec<RawEvent>, shipments: &mut Vec<Shipment>) {
    if !events.is_empty() {
        shipments.extend(form::ship(form, std::mem::take(events)));
    }
}
