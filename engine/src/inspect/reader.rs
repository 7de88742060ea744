//! Small reads that cannot run away.

use std::{
    borrow::Cow,
    io::{BufRead, ErrorKind, Read as _, Seek, SeekFrom},
};

use crate::{Format, InputError};

/// A file's header cannot be read, and why.
#[derive(Debug)]
pub(super) enum Broken {
    Because(Cow<'static, str>),
    /// It is in more parts than are looked at. How many more is not counted.
    TooManyParts {
        what: &'static str,
        parts: u64,
        parts_max: u64,
    },
}

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
        Self::Because(reason.into())
    }

    /// Refuses what is in more parts than `parts_max`.
    pub(super) const fn if_more(
        what: &'static str,
        parts: u64,
        parts_max: u64,
    ) -> Result<(), Self> {
        if parts > parts_max {
            return Err(Self::TooManyParts {
                what,
                parts,
                parts_max,
            });
        }
        Ok(())
    }

    /// For a decoder, which has read the same header before.
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Because(reason) => reason.into_owned(),
            Self::TooManyParts {
                what, parts_max, ..
            } => format!("it has more than {parts_max} {what}"),
        }
    }

    pub(super) fn in_format(self, format: Format) -> InputError {
        match self {
            Self::Because(reason) => InputError::Broken {
                format,
                reason: reason.into_owned(),
            },
            Self::TooManyParts {
                what,
                parts,
                parts_max,
            } => InputError::TooManyParts {
                format,
                what,
                parts,
                parts_max,
            },
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
