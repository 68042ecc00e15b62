//! CPU and memory of processes, from `/proc` (Linux).

use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::fs;
use std::process::Command;

/// Clock ticks a second: fixed for user space on Linux (`USER_HZ`).
const TICKS: f64 = 100.0;

/// CPU seconds of a process and of its living descendants so far.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let all = all();
    let mut family = vec![pid];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(
            all.iter()
                .filter(|(_, stat)| stat.parent == parent)
                .map(|(pid, _)| *pid),
        );
        at += 1;
    }
    family
        .iter()
        .filter_map(|pid| all.get(pid))
        .map(|stat| stat.cpu)
        .sum()
}

/// Sends a signal, by its name without `SIG`.
pub(crate) fn signal(pid: u32, name: &str) -> Result<()> {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    let sent = sent.context("kill")?;
    ensure!(sent.success(), "process {pid} cannot be sent {name}");
    Ok(())
}

/// CPU seconds of this thread so far, exactly: what others do on the machine does not count.
pub(crate) fn thread_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// The most memory a process has had resident, in MiB.
pub(crate) fn peak_mib(pid: u32) -> f64 {
    status_mib(pid, "VmHWM:")
}

/// Makes what this process has resident now its peak, so that the next peak is that of what comes next.
pub(crate) fn forget_peak() {
    // Where the kernel does not know it, a peak stays, and what is measured against it comes out too small.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The memory a process has resident now, in MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    status_mib(pid, "VmRSS:")
}

fn status_mib(pid: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0.0_f64) / 1024.0
}

struct Stat {
    parent: u32,
    cpu: f64,
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?))).collect()
}

/// Fields 4 (parent), 14 and 15 (user and system time) of `/proc/PID/stat`; what is before may hold blanks.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        cpu: (number(11)? + number(12)?) / TICKS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_parent() {
        let own = std::process::id();
        assert!(resident_mib(own) > 0.1 && peak_mib(own) >= 0.1);
        assert!(stat(own).is_some_and(|stat| stat.parent > 0));
        assert!(cpu_seconds(own) >= 0.0);
        let before = thread_seconds();
        std::hint::black_box((0..100_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(thread_seconds() > before);
    }
}
