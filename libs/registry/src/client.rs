//! The HTTP clients: one for the library that speaks the registry's API, one for the question that it lacks.

use crate::RegistryError;
use crate::error::innermost;
use crate::registry::TIMEOUT;
use reqwest::{Certificate, Client, ClientBuilder, Identity, RequestBuilder, StatusCode};
use schema_registry_converter::async_impl::schema_registry::SrSettings;
use settings::{RegistrySettings, Secret};
use std::fs;

/// What questions are asked with: made of the settings and of the files that they name.
pub(crate) struct Clients {
    settings: RegistrySettings,
    certificates: Certificates,
    /// Where the registry is.
    pub(crate) url: String,
    pub(crate) api: SrSettings,
    /// Asks for the ids of our schemas where they may not be registered.
    pub(crate) lookup: Option<Lookup>,
}

impl Clients {
    pub(crate) fn new(settings: &RegistrySettings) -> Result<Self, RegistryError> {
        let certificates = Certificates::read(settings)?;
        Self::with(settings, certificates)
    }

    /// Clients of other settings, or of other certificates; nothing if all are the same.
    pub(crate) fn changed(&self, settings: &RegistrySettings) -> Result<Option<Self>, RegistryError> {
        let certificates = Certificates::read(settings)?;
        let same = self.settings == *settings && self.certificates == certificates;
        (!same).then(|| Self::with(settings, certificates)).transpose()
    }

    fn with(settings: &RegistrySettings, certificates: Certificates) -> Result<Self, RegistryError> {
        let url = settings.url.trim_end_matches('/').to_owned();
        let lookup = (!settings.register).then(|| Lookup::new(settings, &certificates));
        Ok(Self {
            api: library(settings, &url, &certificates)?,
            lookup: lookup.transpose()?,
            settings: settings.clone(),
            certificates,
            url,
        })
    }
}

fn library(
    settings: &RegistrySettings,
    url: &str,
    certificates: &Certificates,
) -> Result<SrSettings, RegistryError> {
    let mut builder = SrSettings::new_builder(url.to_owned());
    builder.set_timeout(TIMEOUT);
    if let Some(username) = &settings.username {
        builder.set_basic_authorization(username, settings.password.as_ref().map(Secret::expose));
    } else if let Some(token) = &settings.token {
        builder.set_token_authorization(token.expose());
    }
    let built = builder.build_with(certificates.builder()?);
    built.map_err(|error| RegistryError::Client(error.cause.unwrap_or(error.error)))
}

/// Files in PEM, each with its path.
#[derive(PartialEq, Eq)]
struct Certificates {
    authorities: Option<(String, Vec<u8>)>,
    identity: Option<(String, Vec<u8>)>,
}

impl Certificates {
    fn read(settings: &RegistrySettings) -> Result<Self, RegistryError> {
        Ok(Self {
            authorities: read(settings.ca_location.as_deref(), "registry.ca_location")?,
            identity: read(
                settings.identity_location.as_deref(),
                "registry.identity_location",
            )?,
        })
    }

    fn builder(&self) -> Result<ClientBuilder, RegistryError> {
        let mut builder = Client::builder();
        if let Some((path, pem)) = &self.authorities {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| wrong(path, &error))?;
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some((path, pem)) = &self.identity {
            let identity = Identity::from_pem(pem).map_err(|error| wrong(path, &error))?;
            builder = builder.identity(identity);
        }
        Ok(builder)
    }
}

fn read(path: Option<&str>, key: &str) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
    let Some(path) = path else { return Ok(None) };
    let pem = fs::read(path).map_err(|error| RegistryError::Client(format!("{key} ({path}): {error}")))?;
    Ok(Some((path.to_owned(), pem)))
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
    fn new(settings: &RegistrySettings, certificates: &Certificates) -> Result<Self, RegistryError> {
        let client = certificates.builder()?.timeout(TIMEOUT).build();
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
