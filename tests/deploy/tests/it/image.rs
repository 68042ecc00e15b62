//! The steps of the Dockerfile, in a clean folder, and what comes of them: run as another user, on a read-only tree, without
//! a shell. `just image` builds the program from nothing; here the one that is built already stands in for it.

use deploy::{Stage, stages};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use testkit::repository;

/// What the base image has beside our own files: distroless/cc is libc, libgcc, OpenSSL.
const BASE_LIBRARIES: [&str; 9] = [
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "libgcc_s.so.1",
    "libssl.so.3",
    "libcrypto.so.3",
];
/// The Dockerfile links it statically (`LIBZ_SYS_STATIC`); a program of another build does not.
const ZLIB: &str = "libz.so.1";
/// Set by `just image`: the program is built as the file says, from nothing.
const WHOLE: &str = "SLUICEBOX_IMAGE_WHOLE";

fn dockerfile() -> Vec<Stage> {
    stages(&fs::read_to_string(repository().join("deploy/image/Dockerfile")).unwrap())
}

fn sh(folder: &Path, script: &str, environment: &[(&str, String)]) -> Output {
    let mut command = Command::new("sh");
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    command
        .args(["-euc", script])
        .current_dir(folder)
        .envs(environment);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{said}");
    output
}

/// The files that the build is given: those that git knows of, less what the ignore file leaves out.
fn copy_context(to: &Path) {
    let ignore = fs::read_to_string(repository().join("deploy/image/Dockerfile.dockerignore")).unwrap();
    let kept = ignore.lines().filter_map(|line| line.strip_prefix('!'));
    let kept = kept.collect::<Vec<_>>().join(" ");
    let script = format!(
        "git ls-files -z --cached --others --exclude-standard -- {kept} | tar --null --files-from=- --create | tar --extract --directory={}",
        to.display()
    );
    sh(&repository(), &script, &[]);
}

/// A folder whose `cargo` and `apt-get` stand in for the real ones.
fn stand_ins(folder: &Path) -> PathBuf {
    let program = testkit::program().unwrap();
    let cargo = format!(
        "#!/bin/sh\ntest \"$*\" = 'build --release --locked -p sluicebox' || exit 9\nmkdir -p target/release && cp '{}' target/release/sluicebox\n",
        program.display()
    );
    let packages = "#!/bin/sh\necho \"$*\" >> apt-get.called\n";
    for (name, text) in [("cargo", cargo.as_str()), ("apt-get", packages)] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder.to_owned()
}

/// Takes the steps of the first stage, and gives the root file system of the last.
fn built(folder: &Path) -> PathBuf {
    let [build, image] = dockerfile().try_into().unwrap();
    let (work, tools) = (folder.join("build"), folder.join("tools"));
    fs::create_dir_all(&work).unwrap();
    fs::create_dir_all(&tools).unwrap();
    copy_context(&work);
    let path = std::env::var("PATH").unwrap();
    let path = match std::env::var_os(WHOLE) {
        Some(_) => path,
        None => format!("{}:{path}", stand_ins(&tools).display()),
    };
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let arguments = [
        ("PATH", path),
        ("TARGETARCH", architecture.to_owned()),
        ("COMMIT", "0123abc".to_owned()),
        ("COMMIT_DATE", "2026-01-01".to_owned()),
        ("CARGO_TARGET_DIR", "target".to_owned()),
    ];
    for step in build.all("RUN") {
        sh(&work, step, &arguments);
    }
    assert_eq!(image.all("COPY"), ["--from=build /build/image/ /"]);
    let root = folder.join("root");
    fs::rename(work.join("image"), &root).unwrap();
    root
}

fn libraries(program: &Path) -> Vec<(String, PathBuf)> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let paths = text
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    let named = paths.map(|path| {
        let path = PathBuf::from(path);
        (path.file_name().unwrap().to_string_lossy().into_owned(), path)
    });
    named.collect()
}

/// Puts into the tree what the base image brings.
fn add_base(root: &Path) {
    for (name, path) in libraries(&root.join("usr/local/bin/sluicebox")) {
        let stands_in = name == ZLIB && std::env::var_os(WHOLE).is_none();
        assert!(
            stands_in || BASE_LIBRARIES.contains(&name.as_str()),
            "the base image has no {name}"
        );
        let place = root.join(path.strip_prefix("/").unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(fs::canonicalize(&path).unwrap(), &place).unwrap();
    }
}

/// Runs the program in the tree, which cannot be written, as the user of the image; without rights of our own, as us.
fn run(root: &Path, arguments: &str, environment: &[(&str, String)]) -> Output {
    let am_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let (namespace, user) = if am_root {
        ("--mount", "--userspec=65532:65532")
    } else {
        ("--mount --map-root-user", "")
    };
    let script = format!(
        "exec unshare {namespace} sh -euc 'mount --bind . . && mount -o remount,bind,ro \"$PWD\" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SLUICEBOX_CONFIG=/etc/sluicebox/sluicebox.yaml chroot {user} \"$PWD\" /usr/local/bin/sluicebox {arguments}'"
    );
    let mut command = Command::new("sh");
    let environment = environment.iter().map(|(name, value)| (*name, value.as_str()));
    command
        .args(["-euc", &script])
        .current_dir(root)
        .envs(environment);
    command.output().unwrap()
}

#[test]
fn the_steps_make_a_tree_that_runs_as_another_user_and_is_never_written() {
    let folder = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir()
        .unwrap();
    let root = built(folder.path());
    for file in [
        "etc/sluicebox/sluicebox.yaml",
        "usr/share/sluicebox/rules/scoring/tokens.yml",
        "usr/share/sluicebox/schemas/raw_event.avsc",
        "usr/share/sluicebox/templates/en/signal_title.txt",
    ] {
        assert!(root.join(file).is_file(), "{file}");
    }
    assert!(
        !root.join("bin").exists() && !root.join("usr/bin").exists(),
        "a shell"
    );
    add_base(&root);
    let says = |arguments: &str| {
        let output = run(&root, arguments, &[]);
        let (said, wrong) = (&output.stdout, &output.stderr);
        let (said, wrong) = (String::from_utf8_lossy(said), String::from_utf8_lossy(wrong));
        assert!(output.status.success(), "{arguments}: {said}{wrong}");
        said.into_owned()
    };
    assert!(says("--version").starts_with(&format!("sluicebox {}", env!("CARGO_PKG_VERSION"))));
    let settings = says("config print");
    assert!(settings.contains("listen: 0.0.0.0:9464"), "{settings}");
    says("rules test /usr/share/sluicebox/rules/scoring");
    says("rules test /usr/share/sluicebox/rules/detections");
}

#[test]
fn the_image_is_of_another_user_has_no_shell_and_stops_when_asked() {
    let stages = dockerfile();
    let image = stages.last().unwrap();
    assert!(image.image.starts_with("gcr.io/distroless/") && image.image.ends_with(":nonroot"));
    assert_eq!(image.all("RUN"), [""; 0], "there is no shell to run anything");
    assert_eq!(image.all("USER"), ["65532:65532"]);
    assert_eq!(image.all("STOPSIGNAL"), ["SIGTERM"]);
    assert_eq!(image.all("ENTRYPOINT"), ["[\"/usr/local/bin/sluicebox\"]"]);
    assert_eq!(
        image.all("ENV"),
        ["SLUICEBOX_CONFIG=/etc/sluicebox/sluicebox.yaml"]
    );
    let labels = image.all("LABEL").concat();
    assert!(labels.contains("image.source") && labels.contains("image.licenses=\"Apache-2.0\""));
}

#[test]
fn the_program_is_built_by_the_toolchain_and_the_packages_that_the_repository_names() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    let stages = dockerfile();
    let toolchain = read("rust-toolchain.toml");
    let version = stages[0]
        .image
        .trim_start_matches("rust:")
        .split('-')
        .next()
        .unwrap();
    assert!(
        toolchain.contains(&format!("channel = \"{version}.")),
        "{toolchain}"
    );
    let (prerequisites, installed) = (read("deploy/local/prerequisites"), stages[0].all("RUN").concat());
    for package in ["g++", "make", "cmake", "pkg-config", "libssl-dev", "zlib1g-dev"] {
        assert!(
            installed.contains(package) && prerequisites.contains(package),
            "{package}"
        );
    }
}
