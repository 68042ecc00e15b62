//! The HTTP clients: one for the library that speaks the registry's API, one for the question that it lacks.

use crate::RegistryError;
use crate::error::innermost;
use crate::registry::TIMEOUT;
use reqwest::{Certificate, Client, ClientBuilder, Identity, RequestBuilder, StatusCode};
use schema_registry_converter::async_impl::schema_registry::SrSettings;
use settings::{RegistrySettings, Secret};
use std::fs;

/// Both clients let in by the same certificates and the same login.
pub(crate) fn library(settings: &RegistrySettings, url: &str) -> Result<SrSettings, RegistryError> {
    let mut builder = SrSettings::new_builder(url.to_owned());
    builder.set_timeout(TIMEOUT);
    if let Some(username) = &settings.username {
        builder.set_basic_authorization(username, settings.password.as_ref().map(Secret::expose));
    } else if let Some(token) = &settings.token {
        builder.set_token_authorization(token.expose());
    }
    let built = builder.build_with(with_certificates(settings)?);
    built.map_err(|error| RegistryError::Client(error.cause.unwrap_or(error.error)))
}

fn with_certificates(settings: &RegistrySettings) -> Result<ClientBuilder, RegistryError> {
    let mut builder = Client::builder();
    if let Some(path) = &settings.ca_location {
        let read = read(path, "registry.ca_location")?;
        let certificates = Certificate::from_pem_bundle(&read).map_err(|error| wrong(path, &error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(path) = &settings.identity_location {
        let identity = Identity::from_pem(&read(path, "registry.identity_location")?);
        builder = builder.identity(identity.map_err(|error| wrong(path, &error))?);
    }
    Ok(builder)
}

fn read(path: &str, key: &str) -> Result<Vec<u8>, RegistryError> {
    fs::read(path).map_err(|error| RegistryError::Client(format!("{key} ({path}): {error}")))
}

fn wrong(path: &str, error: &reqwest::Error) -> RegistryError {
    RegistryError::Client(format!("{path} does not hold what is needed, in PEM: {error}"))
}

/// Asks for the id of a schema without registering it.
///
/// Source: Confluent, Schema Registry API reference, `POST /subjects/(string: subject)`.
pub(crate) struct Lookup {
    client: Client,
    settings: RegistrySettings,
}

impl Lookup {
    pub(crate) fn new(settings: &RegistrySettings) -> Result<Self, RegistryError> {
        let client = with_certificates(settings)?.timeout(TIMEOUT).build();
        Ok(Self {
            client: client.map_err(|error| RegistryError::Client(error.to_string()))?,
            settings: settings.clone(),
        })
    }

    /// The id of exactly this schema under this subject.
    pub(crate) async fn id(&self, url: &str, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        let body = serde_json::json!({ "schema": schema, "schemaType": "AVRO" });
        let asked = self.client.post(format!("{url}/subjects/{subject}")).json(&body);
        let away = |error: &reqwest::Error| {
            let why = innermost(error).unwrap_or_else(|| error.to_string());
            RegistryError::from_status(None, why, url, subject)
        };
        let answer = self.with_login(asked).send().await;
        let answer = answer.map_err(|error| away(&error))?;
        refuse(answer.status(), url, subject)?;
        let found: Found = answer.json().await.map_err(|error| away(&error))?;
        Ok(found.id)
    }

    fn with_login(&self, request: RequestBuilder) -> RequestBuilder {
        match (&self.settings.username, &self.settings.token) {
            (Some(username), _) => {
                request.basic_auth(username, self.settings.password.as_ref().map(Secret::expose))
            }
            (None, Some(token)) => request.bearer_auth(token.expose()),
            (None, None) => request,
        }
    }
}

#[derive(serde::Deserialize)]
struct Found {
    id: u32,
}

fn refuse(status: StatusCode, url: &str, subject: &str) -> Result<(), RegistryError> {
    if status.is_success() {
        return Ok(());
    }
    let why = format!("HTTP {status}");
    match RegistryError::from_status(Some(status.as_u16()), why, url, subject) {
        RegistryError::Unknown { what } => Err(RegistryError::NotRegistered { subject: what }),
        refusal => Err(refusal),
    }
}
