//! What a channel sends, as a Jinja template of the notification: the one that is shipped for its kind, or one of the
//! user's own over it. A text that is too long is cut before it is put in, so markup is never cut. Pure.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, context};
use model::Notification;

use super::{Escape, Limit, cut, rfc3339};

/// Steps of one rendering; one of ours takes some dozen.
const FUEL: u64 = 100_000;
/// How often a body is cut anew: each time it is at most half as long.
const MOST_CUTS: u32 = 14;
const OWN: &str = "template";
const SHIPPED: &str = "shipped";

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    /// The template is none.
    #[error("{0}")]
    Wrong(#[from] Error),
    /// The template says more than its receiver takes, whatever the notification.
    #[error("it gives more than the {0} that the receiver takes, without any body; make it shorter")]
    TooLong(usize),
}

/// The two texts of a notification that may be cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
}

/// See the module.
pub(crate) struct Template {
    environment: Environment<'static>,
    has_own: bool,
}

impl Template {
    /// The `own` template if there is one, with the shipped one behind it.
    ///
    /// # Errors
    /// A template is none, or names a filter, test or function that does not exist.
    pub(crate) fn new(shipped: &'static str, own: Option<&str>, escape: Escape) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        environment.set_auto_escape_callback(move |_| AutoEscape::Custom(escape.name().into()));
        environment.set_formatter(move |out, _, value| write(out, value, escape));
        environment.add_template(SHIPPED, shipped)?;
        if let Some(own) = own {
            environment.add_template_owned(OWN, own.to_owned())?;
        }
        let template = Self {
            environment,
            has_own: own.is_some(),
        };
        template.check()?;
        Ok(template)
    }

    /// What can be wrong with a template for every notification; facts that it asks for are not in each.
    fn check(&self) -> Result<(), Error> {
        let texts = Texts {
            title: "title",
            body: "body",
        };
        let wrong = [
            ErrorKind::SyntaxError,
            ErrorKind::UnknownFilter,
            ErrorKind::UnknownFunction,
            ErrorKind::UnknownTest,
            ErrorKind::TemplateNotFound,
        ];
        match self.render(&Notification::default(), texts) {
            Err(error) if wrong.contains(&error.kind()) => Err(error),
            _ => Ok(()),
        }
    }

    /// Renders the user's template, else the shipped one.
    pub(crate) fn render(&self, notification: &Notification, texts: Texts<'_>) -> Result<String, Error> {
        self.render_named(if self.has_own { OWN } else { SHIPPED }, notification, texts)
    }

    fn render_named(
        &self,
        name: &str,
        notification: &Notification,
        texts: Texts<'_>,
    ) -> Result<String, Error> {
        let facts: BTreeMap<_, _> = notification.facts.iter().collect();
        self.environment.get_template(name)?.render(context! {
            id => notification.id.as_str(),
            tenant => notification.tenant.as_str(),
            channel => notification.channel.as_str(),
            origin => notification.origin.as_str(),
            origin_id => notification.origin_id.as_str(),
            subject => notification.subject.as_str(),
            level => notification.level.as_str(),
            state => notification.state.as_str(),
            title => texts.title,
            body => texts.body,
            time => rfc3339(notification.time),
            facts => Serde(facts),
        })
    }

    /// The text with as much of the body as the receiver takes, who counts with `length`. A template that fails with this
    /// notification is replaced by the shipped one, so that it holds no notification up.
    pub(crate) fn fitted(
        &self,
        notification: &Notification,
        limit: Limit,
        length: impl Fn(&str) -> usize,
    ) -> Result<String, TemplateError> {
        if self.has_own {
            match self.fitted_named(OWN, notification, limit, &length) {
                Ok(text) if !text.trim().is_empty() => return Ok(text),
                Ok(_) => {
                    tracing::warn!(
                        channel = notification.channel,
                        "its template gives nothing, the shipped one is used"
                    );
                }
                Err(error) => {
                    let channel = &notification.channel;
                    tracing::warn!(channel, %error, "its template fails, the shipped one is used");
                }
            }
        }
        self.fitted_named(SHIPPED, notification, limit, &length)
    }

    fn fitted_named(
        &self,
        name: &str,
        notification: &Notification,
        limit: Limit,
        length: &impl Fn(&str) -> usize,
    ) -> Result<String, TemplateError> {
        let Notification { title, body, .. } = notification;
        let render = |body: &str| self.render_named(name, notification, Texts { title, body });
        let whole = render(body)?;
        if length(&whole) <= limit.most {
            return Ok(whole);
        }
        let around = length(&render("")?);
        let mut room = limit
            .most
            .checked_sub(around)
            .ok_or(TemplateError::TooLong(limit.most))?;
        // Where escapes or a second mention of the body make more of it than was cut, less is tried.
        for _ in 0..MOST_CUTS {
            let text = render(&cut(body, limit.with(room)))?;
            if length(&text) <= limit.most {
                return Ok(text);
            }
            room /= 2;
        }
        Ok(render("")?)
    }
}

fn write(out: &mut Output<'_>, value: &Value, escape: Escape) -> Result<(), Error> {
    let text = match escape {
        _ if value.is_safe() => value.to_string(),
        Escape::Json => serde_json::to_string(value)
            .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?,
        _ if value.is_none() => String::new(),
        _ => escape.apply(&value.to_string()),
    };
    out.write_str(&text).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Unit;
    use super::*;

    const SHIPPED: &str = "<b>{{ title }}</b>\n\n{{ body }}";

    fn notification(body: &str) -> Notification {
        Notification {
            title: "a < b".to_owned(),
            body: body.to_owned(),
            ..Notification::default()
        }
    }

    fn fitted(own: Option<&str>, body: &str, most: usize) -> String {
        let template = Template::new(SHIPPED, own, Escape::Html).unwrap();
        let length = |text: &str| Unit::Chars.length(text);
        template
            .fitted(&notification(body), Limit::chars(most), length)
            .unwrap()
    }

    #[test]
    fn what_others_wrote_is_escaped_and_what_the_template_says_is_not() {
        assert_eq!(fitted(None, "<i>&", 99), "<b>a &lt; b</b>\n\n&lt;i&gt;&amp;");
        assert_eq!(
            fitted(Some("{{ '<hr>' | safe }}{{ title }}"), "", 99),
            "<hr>a &lt; b"
        );
    }

    #[test]
    fn the_body_is_cut_and_never_the_markup() {
        assert_eq!(fitted(None, "one two three", 26), "<b>a &lt; b</b>\n\none two…");
        let twice = "{{ body }}|{{ body }}";
        assert_eq!(fitted(Some(twice), "one two three", 20), "one two…|one two…");
    }

    #[test]
    fn a_template_that_fails_or_gives_nothing_is_replaced_by_the_shipped_one() {
        for own in [
            "{{ facts.a.b.c }}",
            "{{ 1 / 0 }}",
            " ",
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        ] {
            assert_eq!(fitted(Some(own), "x", 99), "<b>a &lt; b</b>\n\nx", "{own}");
        }
    }

    #[test]
    fn a_template_that_can_never_work_is_refused() {
        for own in [
            "{{ title",
            "{{ title | nothing }}",
            "{{ nothing() }}",
            "{% include 'other' %}",
        ] {
            assert!(Template::new(SHIPPED, Some(own), Escape::Html).is_err(), "{own}");
        }
        assert!(Template::new(SHIPPED, Some("{{ facts.price | round(2) }}"), Escape::Html).is_ok());
    }

    #[test]
    fn json_has_its_own_quotes() {
        let template = Template::new(
            "",
            Some(r#"{"a": {{ title }}, "n": {{ facts.n }}, "v": {{ facts.none }}}"#),
            Escape::Json,
        );
        let notification = Notification {
            title: "say \"x\"".to_owned(),
            facts: [("n".to_owned(), model::Value::Long(7))].into(),
            ..Notification::default()
        };
        let texts = Texts {
            title: &notification.title,
            body: "",
        };
        let text = template.unwrap().render(&notification, texts).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json, serde_json::json!({"a": "say \"x\"", "n": 7, "v": null}));
    }

    proptest! {
        #[test]
        fn whatever_the_body_it_fits(body in "(?s).{0,300}", most in 40_usize..200) {
            let text = fitted(None, &body, most);
            prop_assert!(text.chars().count() <= most && text.starts_with("<b>a &lt; b</b>"));
        }
    }
}
