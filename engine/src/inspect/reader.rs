//! Small reads that cannot run away.

use std::{
    borrow::Cow,
    io::{BufRead, ErrorKind, Read as _, Seek, SeekFrom},
};

use crate::{Format, InputError};

/// A file's header is broken, and how.
#[derive(Debug)]
pub(super) struct Broken(Cow<'static, str>);

/// Reads a header piece by piece.
pub(super) struct Reader<R> {
    source: R,
}

impl<R: BufRead + Seek> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source }
    }

    /// The next `N` bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The first `N` bytes; what is read next begins at the first byte again.
    pub(super) fn first_bytes<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let bytes = self.bytes();
        self.source.seek(SeekFrom::Start(0))?;
        bytes
    }

    /// What is read next begins at this byte of the file.
    pub(super) fn go_to(&mut self, at: u64) -> Result<(), Broken> {
        self.source.seek(SeekFrom::Start(at))?;
        Ok(())
    }

    /// The next `length` bytes, or as many as there are.
    pub(super) fn up_to(&mut self, length: u64) -> Result<Vec<u8>, Broken> {
        let mut bytes = Vec::new();
        self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.bytes::<1>()?[0])
    }

    /// The next `length` bytes. The caller has bounded `length`.
    pub(super) fn vec(&mut self, length: usize) -> Result<Vec<u8>, Broken> {
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Leaves `length` bytes out. That they exist is found out by the next read.
    pub(super) fn skip(&mut self, length: u64) -> Result<(), Broken> {
        let length = i64::try_from(length)
            .map_err(|_| Broken::because("a part of it is longer than any file"))?;
        Ok(self.source.seek_relative(length)?)
    }
}

impl Broken {
    pub(super) fn because(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    pub(super) fn into_reason(self) -> String {
        self.0.into_owned()
    }

    pub(super) fn in_format(self, format: Format) -> InputError {
        InputError::Broken {
            format,
            reason: self.0.into_owned(),
        }
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof {
            Self::because("its header is cut short")
        } else {
            Self::because(format!("its header cannot be read: {error}"))
        }
    }
}
