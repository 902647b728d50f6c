//! flexget-rs on a fast clock: it moves only while the program sleeps, and the program is asked to stop at a time.
//!
//! `FAST_CLOCK_HOURS` is how long it runs by that clock. At each tenth of it, the memory and the open files of the process
//! are printed on stderr.

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use flexget_core::context::Clock;
use flexget_core::testing::NOW;
use flexget_rs::World;

/// The memory of this process in KiB, and the number of its open files; 0 where that is not known.
fn usage() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    let files = std::fs::read_dir("/proc/self/fd").map(Iterator::count);
    (resident.unwrap_or_default(), files.unwrap_or_default())
}

fn main() -> ExitCode {
    let hours: u64 = std::env::var("FAST_CLOCK_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(1);
    let clock = Clock::fixed(NOW);
    let tenth = Duration::from_secs(hours * 360);
    let (watched, passed) = (clock.clone(), Rc::new(Cell::new(0)));
    let interrupt: flexget_rs::Interrupt = Rc::new(move || {
        let (clock, passed) = (watched.clone(), Rc::clone(&passed));
        Box::pin(async move {
            while passed.get() < 10 {
                if clock.now() >= NOW + tenth * (passed.get() + 1) {
                    passed.set(passed.get() + 1);
                    let (memory, files) = usage();
                    #[expect(clippy::print_stderr, reason = "the test that runs this program reads it")]
                    {
                        eprintln!("usage {} {memory} {files}", passed.get());
                    }
                }
                tokio::task::yield_now().await;
            }
        })
    });
    let world = World { clock, interrupt, ..World::real() };
    flexget_core::testing::block_on(flexget_rs::run(std::env::args_os(), world)).into()
}
