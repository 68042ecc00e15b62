//! The description names what there is.

use crate::site::Site;
use http::StatusCode;

#[tokio::test]
async fn the_description_has_every_address_with_its_parameters() {
    let site = Site::new("api_openapi").await;
    let description = site.get("/openapi.json").await.json();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 11);
    let parameters = paths["/v1/signals"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<_> = parameters
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "subject",
            "type",
            "level",
            "state",
            "story_key",
            "topic_key",
            "tenant",
            "min_score",
            "since",
            "until",
            "limit",
            "cursor",
            "sort"
        ]
    );
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for (path, item) in paths {
        let text = item["get"]["responses"]["200"].to_string();
        let schema = text
            .split("#/components/schemas/")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert!(
            schemas.contains_key(schema),
            "{path} answers with {schema}, which is not described"
        );
    }
}

#[tokio::test]
async fn the_docs_page_is_served_without_a_network() {
    let site = Site::new("api_docs").await;
    assert!(site.get("/docs").await.status.is_redirection());
    let page = site.get("/docs/").await;
    assert!(
        page.status == StatusCode::OK && page.text.contains("swagger-ui"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("https://"), "{}", page.text);
    assert!(
        site.get("/docs/swagger-initializer.js")
            .await
            .text
            .contains("/openapi.json")
    );
    assert_eq!(
        site.get("/docs/swagger-ui-bundle.js").await.status,
        StatusCode::OK
    );
}
