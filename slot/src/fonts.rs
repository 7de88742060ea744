//! Font files for guests: once in memory for all of them, and as they were when their host began.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use engine::{FontError, FontFile, Fonts};
use memmap2::MmapOptions;
use rustix::fs::{SealFlags, fcntl_add_seals};

use crate::memory::unnamed;

/// The files of some fonts, one after the other, which nobody can change any more.
#[derive(Clone, Debug)]
pub struct SharedFonts {
    file: Arc<File>,
    lengths: Vec<usize>,
}

impl SharedFonts {
    /// The files of `fonts`, besides those inside the binary.
    ///
    /// # Errors
    /// When the system has no memory, or no files, to give.
    pub fn of(fonts: &Fonts) -> io::Result<Self> {
        let mut file = File::from(unnamed("nws-fonts")?);
        let mut lengths = Vec::new();
        for bytes in fonts.file_bytes() {
            file.write_all(bytes)?;
            lengths.push(bytes.len());
        }
        let for_ever = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        fcntl_add_seals(&file, for_ever)?;
        Ok(Self {
            file: Arc::new(file),
            lengths,
        })
    }

    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.lengths.clone()
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The fonts inside the binary and those of `file`, of which each has its length. They stay for as long as this process
/// does.
///
/// # Errors
/// When it cannot be mapped, or holds other fonts.
pub(crate) fn of_host(file: &OwnedFd, lengths: &[usize]) -> io::Result<Fonts> {
    let mut rest = mapped(file, lengths.iter().sum())?;
    let mut fonts = Vec::new();
    for length in lengths {
        let Some((bytes, behind)) = rest.split_at_checked(*length) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        rest = behind;
        fonts.push(parsed(bytes).map_err(io::Error::other)?);
    }
    Ok(Fonts::with_files(fonts))
}

fn parsed(bytes: &'static [u8]) -> Result<FontFile, FontError> {
    FontFile::parse(Cow::Borrowed(bytes))
}

fn mapped(file: &OwnedFd, length: usize) -> io::Result<&'static [u8]> {
    if length == 0 {
        return Ok(&[]); // nothing cannot be mapped
    }
    #[expect(unsafe_code, reason = "the file is shared with the host")]
    // SAFETY: it is sealed, so it stays as it is, whoever has it.
    let map = unsafe { MmapOptions::new().len(length).map(file) }?;
    Ok(Box::leak(Box::new(map)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEBREW: &[u8] = include_bytes!("../../engine/fonts/NotoSansHebrew-Bold.ttf");
    const ARABIC: &[u8] = include_bytes!("../../engine/fonts/NotoSansArabic-Bold.ttf");

    fn fonts() -> Fonts {
        let files = [ARABIC, HEBREW].map(|bytes| parsed(bytes).unwrap());
        Fonts::with_files(files.into())
    }

    #[test]
    fn a_guest_has_the_files_of_its_host() {
        let shared = SharedFonts::of(&fonts()).unwrap();
        let file = shared.file().try_clone_to_owned().unwrap();
        let found = of_host(&file, &shared.lengths()).unwrap();
        assert!(found.files().eq(fonts().files()));
        assert!(found.file_bytes().eq([ARABIC, HEBREW]));
    }

    #[test]
    fn no_guest_changes_the_fonts_of_another() {
        let shared = SharedFonts::of(&fonts()).unwrap();
        let mut theirs = File::from(shared.file().try_clone_to_owned().unwrap());
        theirs.write_all(b"other letters").unwrap_err();
        theirs.set_len(0).unwrap_err();
    }

    #[test]
    fn there_may_be_none() {
        let shared = SharedFonts::of(&Fonts::embedded()).unwrap();
        let file = shared.file().try_clone_to_owned().unwrap();
        assert_eq!(of_host(&file, &[]).unwrap().files().count(), 0);
    }
}
