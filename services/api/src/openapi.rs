//! The description of the API: what the handlers say, and the query parameters from the tables of filters.

use crate::collections::{DeadLetters, Detections, Events, EvidenceOfSignal, Notifications, Signals};
use crate::filter::{Filter, Test};
use crate::page::Collection;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, InfoBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder};

const ABOUT: &str = "Signals and what they rest on. Every list is newest first and comes in pages, bounded in items and in bytes: \
    follow `next` until it is null, \
    also where a page is empty. Errors are problem details (RFC 9457). \
    A key or token with the scope `read` sees its own tenant's items; payloads of dead letters need `admin`.";

/// Adds what the handlers do not say.
pub(crate) fn complete(description: &mut OpenApi) {
    let info = InfoBuilder::new()
        .title("Sluicebox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    description.info = info.build();
    keys(description);
    for item in description.paths.paths.values_mut() {
        if let Some(operation) = item.get.as_mut() {
            refusals(operation);
        }
    }
    add::<Signals>(description, "/v1/signals");
    add::<EvidenceOfSignal>(description, "/v1/signals/{key}/evidence");
    add::<Events>(description, "/v1/events");
    add::<Detections>(description, "/v1/detections");
    add::<Notifications>(description, "/v1/notifications");
    add::<DeadLetters>(description, "/v1/dead-letters");
}

/// How a caller shows who it is.
fn keys(description: &mut OpenApi) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let bearer = bearer.description(Some("A key of `sluicebox keys`, or a JSON Web Token."));
    let header = ApiKey::Header(ApiKeyValue::with_description(
        "X-API-Key",
        "A key of `sluicebox keys`.",
    ));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    components.add_security_scheme("key", SecurityScheme::ApiKey(header));
}

/// What every question asks for, and may be refused with.
fn refusals(operation: &mut Operation) {
    let schemes = ["bearer", "key"].map(|name| SecurityRequirement::new(name, ["read"]));
    operation.security = Some(schemes.into());
    for (status, about) in [
        (
            "401",
            "No key or token was shown, or none that is good; unless the server asks for none.",
        ),
        (
            "403",
            "The key or token has not the scope `read`, or the item is another tenant's.",
        ),
    ] {
        refusal(operation, status, about);
    }
    refusal(
        operation,
        "429",
        "The caller's budget is used up, or too many logins failed from its address; `Retry-After` says for how long.",
    );
}

fn refusal(operation: &mut Operation, status: &str, about: &str) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let refused = ResponseBuilder::new()
        .description(about)
        .content("application/problem+json", problem);
    let responses = &mut operation.responses.responses;
    responses.insert(status.to_owned(), RefOr::T(refused.build()));
}

fn add<C: Collection>(description: &mut OpenApi, path: &str) {
    let Some(operation) = description
        .paths
        .paths
        .get_mut(path)
        .and_then(|item| item.get.as_mut())
    else {
        return;
    };
    let parameters = operation.parameters.get_or_insert_default();
    parameters.extend(C::FILTERS.iter().map(of_filter));
    parameters.push(parameter(
        "limit",
        "Items on a page; 50 if not given.",
        Type::Integer,
    ));
    parameters.push(parameter("cursor", "Where to go on; from `next`.", Type::String));
    let names = C::sort_names();
    if names.len() > 1 {
        parameters.push(parameter(
            "sort",
            &format!("One of {}; the first if not given.", names.join(", ")),
            Type::String,
        ));
    }
}

fn of_filter(filter: &Filter) -> RefOr<Parameter> {
    let kind = if matches!(filter.test, Test::AtLeast(_)) {
        Type::Number
    } else {
        Type::String
    };
    parameter(filter.name, filter.about, kind)
}

fn parameter(name: &str, about: &str, kind: Type) -> RefOr<Parameter> {
    let schema = ObjectBuilder::new().schema_type(kind).build();
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False);
    RefOr::T(parameter.description(Some(about)).schema(Some(schema)).build())
}
