//! Facts about this machine and this call.

use jiff::Timestamp;
#[cfg(feature = "gpu")]
use mtok::units::Bytes;

/// Memory of the host; `None` where the system does not say.
#[cfg(feature = "gpu")]
pub fn memory() -> Option<Bytes> {
    if cfg!(target_os = "macos") {
        let output = std::process::Command::new("sysctl").args(["-n", "hw.memsize"]).output().ok()?;
        return String::from_utf8(output.stdout).ok()?.trim().parse().ok().map(Bytes);
    }
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kib * 1024.0))
}

/// The host's name; `None` where the system does not say.
#[cfg(feature = "gpu")]
pub fn name() -> Option<String> {
    let named = ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let told = || {
        let output = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    kernel.or(named).or_else(told).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The command line; of paths only the last part, so that results can be published.
#[cfg(feature = "gpu")]
pub fn argv() -> String {
    let last = |word: String| word.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    std::env::args().map(last).collect::<Vec<_>>().join(" ")
}

/// Now, in UTC, to the second.
pub fn now_utc() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
