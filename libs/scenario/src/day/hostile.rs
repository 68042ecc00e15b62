//! What comes from broken clients and hostile ones. What goes to Kafka past the edge must become a dead letter with
//! this reason; what is posted must be refused; and what is only odd must pass.

use super::DATE;
use super::diary::{self, Diary};
use super::form::{Form, cloud_event};
use super::shipment::{Answer, Post, Put, Shipment, Value};
use model::RawEvent;

const DEEP: usize = 10_000;
const MEGABYTE: usize = 1_000_000;

/// Writes them all, some more than once.
pub(super) fn write(diary: &mut Diary) {
    for _ in 0..4 {
        wire_format(diary);
        json(diary);
    }
    envelopes(diary);
    requests(diary);
    odd(diary);
}

fn good(diary: &mut Diary) -> RawEvent {
    diary::raw(
        diary.id(),
        "hostile",
        "post",
        Some("hostile:1".to_owned()),
        DATE,
        r#"{"text":"a plain text"}"#.to_owned(),
    )
}

fn bytes(value: impl Into<Vec<u8>>) -> Shipment {
    Shipment::Put(Put {
        key: b"hostile".to_vec(),
        value: Value::Bytes(value.into()),
    })
}

fn avro(event: RawEvent) -> Shipment {
    Shipment::Put(Put {
        key: b"hostile".to_vec(),
        value: Value::Avro(Box::new(event)),
    })
}

fn wire_format(diary: &mut Diary) {
    let cut = Value::CutAvro(Box::new(good(diary)));
    diary.dead(
        Shipment::Put(Put {
            key: b"hostile".to_vec(),
            value: cut,
        }),
        "malformed_avro",
    );
    diary.dead(
        bytes([0, 0x7f, 0xff, 0xff, 0xfe, 1, 2, 3, 4]),
        "unknown_schema_id",
    );
    diary.dead(bytes(b"\xff\xfe not a record".as_slice()), "undecodable");
    diary.dead(bytes([0, 1]), "undecodable");
}

fn json(diary: &mut Diary) {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP));
    let with_data = |data: &str| format!(r#"{{"id":"h","source":"hostile","type":"post","data":{data}}}"#);
    diary.dead(bytes(r#"{"id":"h","source":"#), "invalid_cloudevent");
    diary.dead(bytes(r#"{"id":"h","type":"post"}"#), "invalid_cloudevent");
    diary.dead(
        bytes(b"{\"id\":\"h\",\"source\":\"\xff\xfe\",\"type\":\"post\"}".as_slice()),
        "invalid_cloudevent",
    );
    diary.dead(
        bytes(r#"{"source":"hostile","type":"post","time":"292277-01-01T00:00:00Z"}"#),
        "invalid_cloudevent",
    );
    let extension = format!(
        r#"{{"source":"hostile","type":"post","deep":{}}}"#,
        deep("[", "]")
    );
    diary.dead(bytes(extension), "invalid_cloudevent");
    diary.dead(bytes(with_data(&deep("[", "]"))), "data_too_deep");
    diary.dead(bytes(with_data(&deep(r#"{"a":"#, "}"))), "data_too_deep");
    diary.dead(bytes(with_data(r#"{"text":"\ud800 alone"}"#)), "invalid_data");
    diary.dead(bytes(with_data(r#"{"amount":1e999}"#)), "invalid_data");
}

fn envelopes(diary: &mut Diary) {
    let long_id = format!(
        r#"{{"id":"{}","source":"hostile","type":"post"}}"#,
        "x".repeat(MEGABYTE)
    );
    diary.dead(bytes(long_id), "id_too_long");
    let event = good(diary);
    let bad: [(RawEvent, &'static str); 7] = [
        (
            RawEvent {
                time: Some(-1),
                ..event.clone()
            },
            "time_out_of_range",
        ),
        (
            RawEvent {
                time: Some(i64::MAX),
                ..event.clone()
            },
            "time_out_of_range",
        ),
        (
            RawEvent {
                source: "s".repeat(5_000),
                ..event.clone()
            },
            "source_too_long",
        ),
        (
            RawEvent {
                source: String::new(),
                ..event.clone()
            },
            "invalid_cloudevent",
        ),
        (
            RawEvent {
                id: "a\0b".to_owned(),
                ..event.clone()
            },
            "control_character",
        ),
        (
            RawEvent {
                data: Some(b"{\"text\":\"\xff\"}".to_vec()),
                ..event.clone()
            },
            "data_not_utf8",
        ),
        (
            RawEvent {
                datacontenttype: Some("application/xml".to_owned()),
                ..event
            },
            "invalid_data",
        ),
    ];
    for (event, reason) in bad {
        diary.dead(avro(event), reason);
    }
}

fn requests(diary: &mut Diary) {
    const STRUCTURED: &str = "application/cloudevents+json";
    let with_data = |data: String| {
        format!(r#"{{"specversion":"1.0","id":"h","source":"hostile","type":"post","data":{data}}}"#)
    };
    let bodies: [(&'static str, &'static str, Vec<u8>); 11] = [
        ("/v1/events", STRUCTURED, b"{\"specversion\":\"1.0\",".to_vec()),
        (
            "/v1/events",
            STRUCTURED,
            br#"{"specversion":"1.0","id":"h","type":"post"}"#.to_vec(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            b"{\"specversion\":\"1.0\",\"id\":\"\xff\",\"source\":\"s\",\"type\":\"t\"}".to_vec(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            with_data("[".repeat(DEEP) + &"]".repeat(DEEP)).into_bytes(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            with_data(format!("\"{}\"", "x".repeat(2 * MEGABYTE))).into_bytes(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            with_data(r#""\ud800""#.to_owned()).into_bytes(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            format!(
                r#"{{"specversion":"1.0","id":"{}","source":"s","type":"t"}}"#,
                "x".repeat(MEGABYTE)
            )
            .into_bytes(),
        ),
        (
            "/v1/events",
            STRUCTURED,
            br#"{"specversion":"1.0","id":"h","source":"s","type":"t","time":"292277-01-01T00:00:00Z"}"#
                .to_vec(),
        ),
        (
            "/api/v1/events",
            "application/json",
            br#"{"neither":"shape"}"#.to_vec(),
        ),
        (
            "/emit",
            "application/json",
            br#"{"user_id":1,"type":"teleport","payload":{}}"#.to_vec(),
        ),
        ("/events", "application/json", b"[[[".to_vec()),
    ];
    for (path, content_type, body) in bodies {
        let post = Post {
            path,
            content_type,
            authorized: true,
            body,
            answer: Answer::Refused,
        };
        diary.refused(Shipment::Post(post));
    }
    let body = cloud_event(&good(diary)).into_bytes();
    let post = Post {
        path: "/v1/events",
        content_type: STRUCTURED,
        authorized: false,
        body,
        answer: Answer::Refused,
    };
    diary.refused(Shipment::Post(post));
}

/// Strings that trip careless programs. Each becomes an event and, having a text, a low signal.
const ODD: [&str; 16] = [
    "a\u{0}b in the middle",
    "undefined, null, NaN, Infinity",
    "'; DROP TABLE signals; --",
    "%s%n%x %d and {{ template }} ${PATH}",
    "../../../etc/passwd",
    "\u{202e}right to left\u{202c} and back",
    "z\u{337}\u{321}\u{34e}a\u{336}\u{30d}l\u{335}\u{35b}g\u{334}\u{33f}o",
    "👩‍👩‍👧‍👦 family and 🏳️‍🌈 flag",
    "İstanbul ıssız, straße, ﬁn",
    "\u{feff}byte order mark first",
    "1/0 and -0 and 0x and 1e400",
    "ｆｕｌｌ ｗｉｄｔｈ ｌｅｔｔｅｒｓ",
    "tab\tand\u{b}vertical\u{c}feed\r\nlines",
    "社會科學院語學研究所",
    "بِسْمِ اللَّهِ الرَّحْمَٰنِ الرَّحِيمِ",
    "\u{1d4d7}\u{1d4ee}\u{1d4f5}\u{1d4f5}\u{1d4f8} \u{fffd}\u{fffe} specials",
];

fn odd(diary: &mut Diary) {
    for (number, text) in ODD.into_iter().enumerate() {
        let data = serde_json::json!({"text": format!("note {text}")}).to_string();
        let subject = Some(format!("note:{number}"));
        let at = diary.some_time(0);
        let event = diary::raw(diary.id(), "forum/board", "note", subject, at, data);
        diary.event(
            if number % 2 == 0 {
                Form::CloudEvents
            } else {
                Form::Json
            },
            event,
        );
    }
    // An empty subject is no subject, and an event may be without data.
    let empty = RawEvent {
        subject: Some(String::new()),
        data: None,
        ..good(diary)
    };
    diary.event(Form::Avro, empty);
}
