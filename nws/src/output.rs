//! Standard output, whose reader may leave early: `nws dlq ls | head` ends as it would if everything had been read.

use std::io::{self, ErrorKind, Write, stdout};

/// Standard output, for as long as somebody reads it.
pub(crate) fn output() -> impl Write {
    Patient(stdout().lock())
}

/// Takes what is written, also when nobody reads it any more.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_gone(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_gone(self.0.flush(), ())
    }
}

/// The same, with `else_` in place of the error that says that the reader has left.
pub(crate) fn unless_gone<T>(written: io::Result<T>, else_: T) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(else_),
        written => written,
    }
}

/// A stranger's words without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let escape = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        character => character.escape_debug().to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_left_is_no_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut output = Patient(writer);
        output.write_all(&[0; 100_000]).unwrap();
        output.flush().unwrap();
    }

    #[test]
    fn a_disk_that_is_full_is_an_error() {
        let mut output = Patient(std::fs::File::create("/dev/full").unwrap());
        output.write_all(b"lost").unwrap_err();
    }
}
