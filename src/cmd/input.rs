//! Opening what the user named: plain files and standard input, never something that could wait for ever.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use mtok::unpack::{self, MAX_BYTES, Unpacked, too_large};

use super::Failure;
use super::progress::watched;
use super::tables::located;

/// The word that means standard input.
pub const STDIN: &str = "-";

/// Opens a file, or standard input, as text, and unpacks it where it is packed. `large` lifts the limit on the size.
///
/// # Errors
/// What is no plain file, too large, or what [`unpack::unpack`] refuses, with the path.
pub fn open(path: &Path, large: bool) -> Result<Unpacked<'static>, Failure> {
    let max_bytes = if large { u64::MAX } else { MAX_BYTES };
    let input: Box<dyn Read> = if path == Path::new(STDIN) {
        Box::new(io::stdin().lock())
    } else {
        let (file, bytes) = file(path, max_bytes)?;
        watched(file, &path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default(), bytes)
    };
    unpack::unpack(input, max_bytes).map_err(|fault| located(path, &fault))
}

/// A plain file and its length. What lies there is looked at before it is opened, since opening a device can have effects, and again
/// afterwards, since another program may have put something else there in between.
fn file(path: &Path, max_bytes: u64) -> Result<(File, u64), Failure> {
    let refused = |why: String| Failure::bad_input(format!("{}: {why}", path.display()));
    let unreadable = |error: io::Error| refused(format!("cannot be read: {error}"));
    plain(&path.metadata().map_err(unreadable)?).map_err(refused)?;
    let file = without_waiting().open(path).map_err(unreadable)?;
    let opened = file.metadata().map_err(unreadable)?;
    plain(&opened).map_err(refused)?;
    if opened.len() > max_bytes {
        return Err(refused(too_large(max_bytes)));
    }
    Ok((file, opened.len()))
}

/// The bytes of a plain file of a folder that strangers write to, and what the system says of it, where there is one.
///
/// # Errors
/// Why it is not read, in words without its path.
pub fn bytes(path: &Path, max_bytes: u64) -> Result<Option<(Vec<u8>, Metadata)>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let is_plain = |there: &Metadata| match there.file_type() {
        it if it.is_file() => Ok(()),
        it => Err(format!("is {}, not a plain file", if it.is_dir() { "a folder" } else { special(it) })),
    };
    match path.metadata() {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        there => is_plain(&there.map_err(unreadable)?)?,
    }
    let file = without_waiting().open(path).map_err(unreadable)?;
    let opened = file.metadata().map_err(unreadable)?;
    is_plain(&opened)?;
    let mut bytes = Vec::with_capacity(usize::try_from(opened.len().min(max_bytes)).unwrap_or_default() + 1);
    file.take(max_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > max_bytes {
        return Err(format!("is larger than {} MiB", max_bytes >> 20));
    }
    Ok(Some((bytes, opened)))
}

fn plain(there: &Metadata) -> Result<(), String> {
    match there.file_type() {
        it if it.is_file() => Ok(()),
        it if it.is_dir() => Err("is a folder; name the files in it".into()),
        it => Err(format!("is {}, not a plain file; {STDIN} reads standard input", special(it))),
    }
}

#[cfg(unix)]
fn special(it: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match it {
        it if it.is_fifo() => "a FIFO",
        it if it.is_socket() => "a socket",
        it if it.is_char_device() || it.is_block_device() => "a device",
        _ => "something special",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something special"
}

/// Opening a FIFO waits for its writer, unless told not to; to plain files the flag means nothing.
#[cfg(unix)]
fn without_waiting() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

#[cfg(not(unix))]
fn without_waiting() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path, large: bool) -> String {
        let failure = open(path, large).err().unwrap();
        failure.message.strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
    }

    #[test]
    fn a_plain_file_is_read_and_its_packing_undone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "\u{feff}a,b\n").unwrap();
        let mut text = String::new();
        open(&path, false).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "a,b\n");
    }

    #[test]
    fn what_is_no_plain_file_is_refused_by_name_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(refusal(folder.path(), false), "is a folder; name the files in it");
        assert!(refusal(&folder.path().join("none"), false).starts_with("cannot be read: "));
        #[cfg(unix)]
        {
            let socket = folder.path().join("socket");
            let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            let fifo = folder.path().join("fifo");
            assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&fifo, &link).unwrap();
            for (path, what) in [
                (fifo.as_path(), "a FIFO"),
                (&link, "a FIFO"),
                (&socket, "a socket"),
                (Path::new("/dev/zero"), "a device"),
                (Path::new("/dev/tty"), "a device"),
            ] {
                let expected = format!("is {what}, not a plain file; - reads standard input");
                assert_eq!(refusal(path, false), expected, "{}", path.display());
            }
        }
    }

    /// What the second look is for.
    #[cfg(unix)]
    #[test]
    fn a_pipe_put_in_the_place_of_a_file_does_not_make_it_wait() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let opened = without_waiting().open(&fifo).unwrap().metadata().unwrap();
        assert!(plain(&opened).unwrap_err().starts_with("is a FIFO"));
    }

    #[test]
    fn a_large_file_is_refused_unless_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.csv");
        std::fs::write(&path, "a,b\n").unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(refusal(&path, false), "is larger than 256 MiB; --large reads it all the same");
        assert!(open(&path, true).is_ok());
    }
}
