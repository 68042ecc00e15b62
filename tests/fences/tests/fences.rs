//! The fences hold for this workspace, and they do report what they forbid.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use fences::{KAFKA_OWNER, Member, PURE, Violation, Workspace, violations};

fn member_of(package: &Package) -> Member {
    let names = |wanted: fn(DependencyKind) -> bool| {
        let dependencies = package
            .dependencies
            .iter()
            .filter(move |dependency| wanted(dependency.kind));
        dependencies.map(|dependency| dependency.name.clone()).collect()
    };
    Member {
        service: package
            .manifest_path
            .components()
            .any(|part| part.as_str() == "services"),
        normal: names(|kind| kind == DependencyKind::Normal),
        development: names(|kind| kind != DependencyKind::Normal),
    }
}

fn this_workspace() -> Workspace {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let packages = metadata.workspace_packages();
    packages
        .into_iter()
        .map(|package| (package.name.to_string(), member_of(package)))
        .collect()
}

/// A made-up workspace: name, whether it is a service, what it uses, what its tests use.
fn made_up(crates: &[(&str, bool, &[&str], &[&str])]) -> Workspace {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    crates
        .iter()
        .map(|(name, service, normal, development)| {
            let member = Member {
                service: *service,
                normal: set(normal),
                development: set(development),
            };
            ((*name).to_owned(), member)
        })
        .collect()
}

fn messages(workspace: &Workspace) -> Vec<String> {
    violations(workspace).iter().map(ToString::to_string).collect()
}

#[test]
fn this_workspace_keeps_the_fences() {
    assert_eq!(messages(&this_workspace()), Vec::<String>::new());
}

#[test]
fn the_fences_speak_of_crates_that_exist() {
    let workspace = this_workspace();
    for name in PURE.iter().chain([&KAFKA_OWNER]) {
        assert!(
            workspace.contains_key(*name),
            "{name} is not in the workspace; mend the list in tests/fences"
        );
    }
    let services = workspace.values().filter(|member| member.service).count();
    assert!(services > 1, "no services found; their folder has moved");
    assert!(
        workspace[KAFKA_OWNER].normal.contains("rdkafka"),
        "the owner no longer names the client"
    );
}

#[test]
fn a_service_on_a_service_is_reported_in_tests_too() {
    let workspace = made_up(&[
        ("sluicebox-scorer", true, &["sluicebox-normalizer"], &[]),
        ("sluicebox-sink", true, &[], &["sluicebox-scorer"]),
        ("sluicebox-normalizer", true, &["sluicebox-model"], &[]),
        ("sluicebox", false, &["sluicebox-scorer"], &[]),
    ]);
    let on = |from: &str, to: &str| Violation::ServiceOnService {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    assert_eq!(
        violations(&workspace),
        [
            on("sluicebox-scorer", "sluicebox-normalizer"),
            on("sluicebox-sink", "sluicebox-scorer")
        ]
    );
}

#[test]
fn the_kafka_client_is_reported_wherever_it_is_named() {
    let workspace = made_up(&[
        ("sluicebox-runtime", false, &["rdkafka"], &[]),
        ("sluicebox-testkit", false, &["rdkafka"], &[]),
        ("sluicebox-api", true, &[], &["rdkafka-sys"]),
    ]);
    let named = |from: &str, client: &str| Violation::KafkaOutsideRuntime {
        from: from.to_owned(),
        client: client.to_owned(),
    };
    assert_eq!(
        violations(&workspace),
        [
            named("sluicebox-api", "rdkafka-sys"),
            named("sluicebox-testkit", "rdkafka")
        ]
    );
}

#[test]
fn a_decision_crate_is_reported_with_the_way_to_the_outside_world() {
    let workspace = made_up(&[
        ("sluicebox-rules", false, &["sluicebox-settings", "cel"], &[]),
        ("sluicebox-settings", false, &["sluicebox-rules", "tokio"], &[]),
        ("sluicebox-model", false, &["reqwest"], &["tokio"]),
    ]);
    assert_eq!(
        messages(&workspace),
        [
            "sluicebox-model depends on reqwest: decisions stay free of runtime, broker, database and network",
            "sluicebox-rules → sluicebox-settings depends on tokio: decisions stay free of runtime, broker, database and network",
        ]
    );
}
