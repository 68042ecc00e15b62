use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn number(texts: &[(String, String)]) -> Result<i64, String> {
    texts
        .iter()
        .map(|(name, text)| {
            text.trim()
                .parse::<i64>()
                .map_err(|error| format!("{name}: {error}"))
        })
        .sum()
}

#[test]
fn a_changed_file_is_noticed_and_a_bad_one_never_replaces_a_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("n.txt");
    fs::write(&file, "1").unwrap();
    let watched = Watched::open(&file, number).unwrap();
    let mut reader = watched.cached();
    assert_eq!(**reader.load(), 1);

    fs::write(&file, "two").unwrap();
    assert!(watched.wait_until(PATIENCE, |status| {
        status.last_error.as_deref().is_some_and(|e| e.contains("n.txt"))
    }));
    assert_eq!((*watched.load(), watched.status().version), (1, 1));

    fs::write(&file, "3").unwrap();
    assert!(watched.wait_until(PATIENCE, |status| status.version >= 2
        && status.last_error.is_none()));
    assert_eq!((*watched.load(), **watched.guard(), **reader.load()), (3, 3, 3));
}

#[test]
fn the_status_tells_which_value_is_in_use_if_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("n.txt");
    fs::write(&file, "1").unwrap();
    let silent = Watched::open(&file, number).unwrap();
    assert_eq!(silent.status().content, None);
    let watched = silent.described(|number| format!("the number {number}"));
    fs::write(&file, "2").unwrap();
    assert!(watched.wait_until(PATIENCE, |status| status.version == 2));
    assert_eq!(watched.status().content.as_deref(), Some("the number 2"));
    fs::write(&file, "three").unwrap();
    assert!(watched.wait_until(PATIENCE, |status| status.last_error.is_some()));
    assert_eq!(watched.clone().status().content.as_deref(), Some("the number 2"));
}

#[test]
fn a_folder_swapped_by_symbolic_links_is_noticed() {
    let mount = tempfile::tempdir().unwrap();
    let at = mount.path();
    for (version, text) in [("..v1", "1"), ("..v2", "20")] {
        fs::create_dir(at.join(version)).unwrap();
        fs::write(at.join(version).join("n.txt"), text).unwrap();
    }
    symlink("..v1", at.join("..data")).unwrap();
    symlink("..data/n.txt", at.join("n.txt")).unwrap();
    let watched = Watched::open(at, number).unwrap();
    let file_alone = Watched::open(at.join("n.txt"), number).unwrap();
    assert_eq!((*watched.load(), *file_alone.load()), (1, 1));

    symlink("..v2", at.join("..data_tmp")).unwrap();
    fs::rename(at.join("..data_tmp"), at.join("..data")).unwrap();
    for watched in [watched, file_alone] {
        assert!(watched.wait_until(PATIENCE, |status| status.version == 2));
        assert_eq!(*watched.load(), 20);
    }
}

#[test]
fn a_file_that_was_away_is_taken_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("n.txt");
    fs::write(&file, "1").unwrap();
    let watched = Watched::open(&file, number).unwrap();
    fs::remove_file(&file).unwrap();
    assert!(watched.reload_now().last_error.is_some());
    assert_eq!(*watched.load(), 1);
    fs::write(&file, "1").unwrap();
    assert_eq!(watched.reload_now().last_error, None);
}

#[test]
fn folders_are_read_in_order_without_hidden_files_and_backups() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("en")).unwrap();
    for name in ["b.txt", "a.txt", ".hidden", "a.txt~", "en/c.txt"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let watched = Watched::open(folder.path(), |texts: &[(String, String)]| {
        Ok::<_, String>(texts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
    });
    assert_eq!(*watched.unwrap().load(), ["a.txt", "b.txt", "en/c.txt"]);
}

#[test]
fn what_cannot_be_read_at_the_start_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Watched::open(folder.path().join("none"), number).err().unwrap();
    assert!(missing.to_string().contains("none"), "{missing}");
    let file = folder.path().join("bad.txt");
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(matches!(
        Watched::open(&file, number),
        Err(WatchError::Read { .. })
    ));
    fs::write(&file, "x").unwrap();
    assert!(matches!(
        Watched::open(&file, number),
        Err(WatchError::Refused { .. })
    ));
}

#[test]
fn a_fixed_value_stays() {
    let fixed = Watched::fixed(7);
    assert_eq!((*fixed.load(), fixed.reload_now().version), (7, 1));
}

#[test]
fn a_value_that_is_asked_for_changes_keeps_the_last_good_one_and_forgets_what_was_mended() {
    let next = Arc::new(Mutex::new(Ok::<i64, String>(1)));
    let asked = Arc::clone(&next);
    let watched = Watched::asking("number", 1, Duration::from_millis(5), move |value: &i64| {
        let next = asked.lock().unwrap().clone()?;
        Ok::<_, String>((next != *value).then_some(next))
    });
    *next.lock().unwrap() = Ok(2);
    assert!(watched.wait_until(PATIENCE, |status| status.version == 2));
    *next.lock().unwrap() = Err("no number".to_owned());
    let complains = |status: &WatchStatus| {
        let error = status.last_error.as_deref();
        error.is_some_and(|error| error.contains("number is refused: no number"))
    };
    assert!(watched.wait_until(PATIENCE, complains));
    assert_eq!((*watched.load(), watched.status().failures), (2, 1));
    *next.lock().unwrap() = Ok(2);
    assert!(watched.wait_until(PATIENCE, |status| status.last_error.is_none()));
    assert_eq!((*watched.load(), watched.status().version), (2, 2));
}
