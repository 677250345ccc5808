//! The worker process: serves requests on its standard input until the parent is gone.

use std::io;

use mtok::gpu::worker;

use super::{Exit, Failure, host};

/// Runs the verb. Ends the process without tidying up: a device that hangs would be waited for.
pub fn run() -> Result<Exit, Failure> {
    let served = worker::serve(requests(), io::stdout(), host::memory());
    std::process::exit(if served.is_ok() { Exit::Ok as i32 } else { Exit::CannotWrite as i32 })
}

/// Lines of standard input, read aside: a parent that is gone ends this process also in the middle of a cell.
fn requests() -> impl io::BufRead {
    let (reader, mut writer) = match io::pipe() {
        Ok(pipe) => pipe,
        // Without a pipe requests cannot be passed on; the parent sees the end of the replies.
        Err(_) => std::process::exit(Exit::CannotWrite as i32),
    };
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut writer);
        std::process::exit(Exit::Ok as i32);
    });
    io::BufReader::new(reader)
}
