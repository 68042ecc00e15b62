//! A wall clock of its own for each process, which jumps when it is told to.
//!
//! The system's clock is everybody's, so a library of ours is put under the services (`clock.c`, compiled by the C
//! compiler that building the program needs anyway). It moves what a process reads as the time of day, and no waits.
//! libfaketime 0.9.10 moves the time from which C's `cnd_timedwait` is told its end, and not that wait: one of a second
//! took seven under a clock five seconds ahead, and none under one behind. librdkafka waits like that.

use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("clock.c");

/// The library that moves clocks, compiled.
#[derive(Debug, Clone)]
pub(crate) struct ClockLibrary(PathBuf);

impl ClockLibrary {
    /// Compiles it into this folder.
    pub(crate) fn build(folder: &Path) -> Result<Self, Failure> {
        let failed = || Failure::place("compiling the library that moves clocks with cc");
        let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
        std::fs::write(&source, SOURCE).map_err(failed())?;
        let mut compiler = Command::new("cc");
        compiler
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source);
        let output = compiler.output().map_err(failed())?;
        if output.status.success() {
            return Ok(Self(library));
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(failed()(std::io::Error::other(said)))
    }
}

/// The clock of one replica; it stays moved over restarts.
#[derive(Debug)]
pub(crate) struct Clock {
    library: ClockLibrary,
    file: PathBuf,
}

impl Clock {
    /// One that goes right. Its name is that of the replica.
    pub(crate) fn new(library: &ClockLibrary, folder: &Path, name: &str) -> Result<Self, Failure> {
        let clock = Self {
            library: library.clone(),
            file: folder.join(format!("{name}.clock")),
        };
        clock.jump(0)?;
        Ok(clock)
    }

    /// From now on it is so many milliseconds ahead, or behind.
    pub(crate) fn jump(&self, by_ms: i64) -> Result<(), Failure> {
        use std::io::Write;
        let failed = || Failure::place(self.file.display().to_string());
        // Written over and not anew: the process has mapped it.
        let mut options = std::fs::OpenOptions::new();
        let opened = options.create(true).truncate(false).write(true).open(&self.file);
        let mut file = opened.map_err(failed())?;
        file.write_all(&by_ms.to_ne_bytes()).map_err(failed())
    }

    /// What a process needs to go by it.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 2] {
        [
            ("LD_PRELOAD", &self.library.0),
            ("SLUICEBOX_CHAOS_CLOCK", &self.file),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    /// What `date` believes the time to be, in seconds from ours.
    fn ahead(clock: &Clock) -> i64 {
        let mut date = Command::new("date");
        let output = date.arg("+%s").envs(clock.environment()).output().unwrap();
        let told: i64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        told - i64::try_from(now).unwrap()
    }

    #[test]
    fn a_process_sees_its_own_clock_jump() {
        let folder = tempfile::tempdir().unwrap();
        let library = ClockLibrary::build(folder.path()).unwrap();
        let clock = Clock::new(&library, folder.path(), "one").unwrap();
        let other = Clock::new(&library, folder.path(), "two").unwrap();
        for by in [0, 3_600, -3_600] {
            clock.jump(by * 1_000 + 1).unwrap();
            // Seconds tick between the two looks.
            assert!((by - 10..=by + 10).contains(&ahead(&clock)), "{by}");
            assert!(ahead(&other).abs() <= 10, "another process has its own");
        }
    }
}
