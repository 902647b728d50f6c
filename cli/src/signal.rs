//! Signals that ask the program to stop.

use std::sync::mpsc;
use std::thread;

/// Returns when the user presses Ctrl-C or the process is asked to terminate.
///
/// Signals are heeded from the call on, not only from the first poll.
pub(crate) fn stop_requested() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [signal(SignalKind::interrupt()), signal(SignalKind::terminate())]
    };
    async move {
        #[cfg(unix)]
        if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system ends the process by itself.
            std::future::pending::<()>().await;
        }
    }
}

/// Calls a function in a thread of its own when the user asks the program to stop.
///
/// Signals are heeded from the return on.
pub(crate) fn on_stop(act: Box<dyn FnOnce() + Send>) {
    let (listening, is_listening) = mpsc::channel();
    let listen = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let stop = stop_requested();
            let _ = listening.send(());
            stop.await;
        });
        act();
    };
    // Without the thread the system ends the process by itself.
    if thread::Builder::new().spawn(listen).is_ok() {
        let _ = is_listening.recv();
    }
}
