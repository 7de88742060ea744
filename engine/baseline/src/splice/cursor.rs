//! The source's bits again, to be copied: from one byte of 0xff to the next, without the stuffing.

use memchr::memchr;

use super::writer::Writer;
use crate::Broken;

/// A position in the picture's data. They have been read before, so that what is missing now was never asked for.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    /// Bytes without stuffing, and how many of the segment are before them.
    run: &'a [u8],
    run_begin: usize,
    rest: &'a [u8],
    /// Bits since the last restart marker.
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            run: &[],
            run_begin: 0,
            rest: data,
            position: 0,
        }
    }

    pub(super) fn pass_to(&mut self, end: usize) -> Result<(), Broken> {
        while end > self.run_end() {
            self.next_run()?;
        }
        self.position = end;
        Ok(())
    }

    pub(super) fn copy_to(&mut self, end: usize, writer: &mut Writer) -> Result<(), Broken> {
        while self.position < end {
            if self.position == self.run_end() {
                self.next_run()?;
                continue;
            }
            let (from, to) = (self.position, end.min(self.run_end()));
            let before = self.run_begin * 8;
            writer.put_bytes(self.run, from - before..to - before);
            self.position = to;
        }
        Ok(())
    }

    /// Goes on behind the restart marker that ends the segment.
    pub(super) fn pass_marker(&mut self) -> Result<(), Broken> {
        while self.marker().is_none() {
            self.next_run()?;
        }
        *self = Self::new(&self.rest[2..]);
        Ok(())
    }

    fn run_end(&self) -> usize {
        (self.run_begin + self.run.len()) * 8
    }

    /// The marker that comes next, if nothing else does.
    fn marker(&self) -> Option<u8> {
        match self.rest {
            [0xff, marker @ 1..=0xfe, ..] => Some(*marker),
            _ => None,
        }
    }

    fn next_run(&mut self) -> Result<(), Broken> {
        let at = memchr(0xff, self.rest).ok_or(Broken::Cut)?;
        let (run, passed) = match self.rest.get(at + 1) {
            Some(0) => (at + 1, at + 2),
            Some(0xff) => (at, at + 1),
            Some(_) if at > 0 => (at, at),
            _ => return Err(Broken::Cut),
        };
        self.run_begin += self.run.len();
        (self.run, _) = self.rest.split_at(run);
        self.rest = &self.rest[passed..];
        Ok(())
    }
}
