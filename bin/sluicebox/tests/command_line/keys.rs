//! `sluicebox keys`: made once, listed without the key, revoked.

use crate::Shell;

fn of<'a>(file: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&["keys", "--file", file], arguments].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked() {
    let shell = Shell::new("keys").await;
    let file = shell.folder.path().join("keys.jsonl");
    let file = file.to_str().unwrap();
    let made = shell.done(&of(
        file,
        &[
            "add",
            "shop",
            "--tenant",
            "acme",
            "--scope",
            "ingest,trusted",
            "--source",
            "/shop/*",
            "--expires",
            "90d",
        ],
    ));
    let key = made.trim();
    assert!(key.starts_with("sbx_") && key.len() == 77, "{key}");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains(&key[13..]), "the file holds a hash");
    let listed = shell.done(&of(file, &["list"]));
    assert!(
        listed.contains("shop") && listed.contains("ingest,trusted") && listed.contains("until "),
        "{listed}"
    );
    assert!(!listed.contains(&key[13..]));
    let (code, told) = shell.fails(&of(
        file,
        &["add", "shop", "--tenant", "other", "--scope", "read"],
    ));
    assert!(code == 2 && told.contains("acme"), "{code} {told}");
    for (wrong, wanted) in [
        (
            ["--scope", "root", "--tenant", "acme"],
            "ingest, read, admin, trusted",
        ),
        (["--scope", "read", "--tenant", "Acme"], "tenant"),
        (["--scope", "read", "--expires", "soon"], "90d"),
    ] {
        let (_, told) = shell.fails(&[of(file, &["add", "board"]), wrong.to_vec()].concat());
        assert!(told.contains(wanted), "{told}");
    }
    assert_eq!(shell.done(&of(file, &["revoke", "shop"])).trim(), "1 revoked");
    assert!(shell.done(&of(file, &["list"])).contains("revoked 2"));
    let (code, told) = shell.fails(&of(file, &["revoke", "shop"]));
    assert!(code == 2 && told.contains("keys list"), "{code} {told}");
    std::fs::write(file, "{\n").unwrap();
    let (code, told) = shell.fails(&of(file, &["list"]));
    assert!(code == 5 && told.contains("line 1"), "{code} {told}");
    let (code, told) = shell.fails(&["keys", "list"]);
    assert!(code == 2 && told.contains("access.keys_file"), "{code} {told}");
}
