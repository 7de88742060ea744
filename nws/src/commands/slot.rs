//! `nws slot`: the child process in which a worker has its pixels worked on.

use std::process::ExitCode;

/// Works for the process that started this one, until that one goes away.
pub(crate) fn serve() -> ExitCode {
    slot::guest::serve()
}
