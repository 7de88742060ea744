//! The bytes between host and guest: a file that is nowhere but in memory, reused for every picture.
//!
//! The guest maps it, and works on the original where it lies. The host maps nothing: what it reads there could change
//! under its eyes, so it copies, through the file, and looks at the copy.

use std::{
    fs::File,
    io::{self, Error},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::FileExt as _,
    },
};

use memmap2::{Mmap, MmapMut, MmapOptions};
use rustix::{
    fs::{
        FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create,
    },
    io::Errno,
};
use serde::{Deserialize, Serialize};

/// What stays in memory between two pictures, of an original and of a result: most photos find their pages there.
const KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where what lies. The file is as long as all of it and holes where nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) original_bytes_max: usize,
    pub(crate) logo_bytes_max: usize,
    pub(crate) result_bytes_max: usize,
}

impl Layout {
    const fn logo_at(self) -> usize {
        self.original_bytes_max
    }

    const fn result_at(self) -> usize {
        self.logo_at() + self.logo_bytes_max
    }

    const fn bytes(self) -> usize {
        self.result_at() + self.result_bytes_max
    }
}

/// A host's side.
#[derive(Debug)]
pub(crate) struct Memory {
    file: File,
    layout: Layout,
}

/// A guest's side.
#[derive(Debug)]
pub(crate) struct Mapped {
    input: Mmap,
    result: MmapMut,
    layout: Layout,
}

impl Memory {
    /// # Errors
    /// When the system has no memory, or no files, to give.
    pub(crate) fn new(layout: Layout) -> io::Result<Self> {
        let file = unnamed("nws-slot")?;
        ftruncate(&file, layout.bytes() as u64)?;
        // Nobody makes it shorter while the other side reads, nor longer than it may be.
        let length = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, length)?;
        Ok(Self {
            file: file.into(),
            layout,
        })
    }

    /// The same file for a guest.
    ///
    /// # Errors
    /// When there are too many files.
    pub(crate) fn for_guest(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// # Errors
    /// When it is longer than there is room, or the system has no memory.
    pub(crate) fn put_original(&self, bytes: &[u8]) -> io::Result<()> {
        self.put(0, bytes, self.layout.original_bytes_max)
    }

    /// # Errors
    /// As [`Self::put_original`].
    pub(crate) fn put_logo(&self, bytes: &[u8]) -> io::Result<()> {
        self.put(self.layout.logo_at(), bytes, self.layout.logo_bytes_max)
    }

    /// A copy of the result; `None` where the length that is told of it cannot be true.
    ///
    /// # Errors
    /// When the system cannot read it.
    pub(crate) fn take_result(&self, size_bytes: usize) -> io::Result<Option<Vec<u8>>> {
        if size_bytes > self.layout.result_bytes_max {
            return Ok(None);
        }
        let mut bytes = vec![0; size_bytes];
        self.file
            .read_exact_at(&mut bytes, self.layout.result_at() as u64)?;
        Ok(Some(bytes))
    }

    /// Gives back what the last picture was too large for.
    ///
    /// # Errors
    /// When the system does not know how.
    pub(crate) fn give_back(&self, original_bytes: usize, result_bytes: usize) -> io::Result<()> {
        self.punch(0, original_bytes)?;
        self.punch(self.layout.result_at(), result_bytes)
    }

    fn put(&self, at: usize, bytes: &[u8], bytes_max: usize) -> io::Result<()> {
        if bytes.len() > bytes_max {
            let length = bytes.len();
            let problem = format!("{length} bytes, there is room for {bytes_max}");
            return Err(Error::other(problem));
        }
        self.file.write_all_at(bytes, at as u64)
    }

    /// A hole behind what may stay.
    fn punch(&self, at: usize, used: usize) -> io::Result<()> {
        let Some(length @ 1..) = used.checked_sub(KEPT_BYTES_MAX) else {
            return Ok(());
        };
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let from = at + KEPT_BYTES_MAX;
        Ok(fallocate(&self.file, flags, from as u64, length as u64)?)
    }
}

/// A file that is nowhere but in memory, and that nobody can run: some systems allow no other. Kernels before 6.3 know no
/// difference. `label` is for lists of open files.
///
/// # Errors
/// When the system has no more files.
pub(crate) fn unnamed(label: &str) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(label, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => Ok(memfd_create(label, flags)?),
        made => Ok(made?),
    }
}

impl Mapped {
    /// Maps `file` as its host has laid it out.
    ///
    /// # Errors
    /// When it is another file, or there is no room for it.
    pub(crate) fn new(file: impl AsFd, layout: Layout) -> io::Result<Self> {
        let file = file.as_fd().try_clone_to_owned()?;
        let (input, result) = (layout.result_at(), layout.result_bytes_max);
        let options = |at: usize, length| {
            let mut options = MmapOptions::new();
            options.offset(at as u64).len(length);
            options
        };
        #[expect(unsafe_code, reason = "the file is shared with the host")]
        // SAFETY: it is sealed, so it stays as long as it is. The host writes to the input between two pictures only, while
        // nothing of it is borrowed, and a host that did otherwise would harm this guest and no one else.
        let input = unsafe { options(0, input).map(&file) }?;
        #[expect(unsafe_code, reason = "the file is shared with the host")]
        // SAFETY: as above. The host only punches holes into the result, between two pictures as well, while nothing of it is
        // borrowed.
        let result = unsafe { options(layout.result_at(), result).map_mut(&file) }?;
        Ok(Self {
            input,
            result,
            layout,
        })
    }

    /// # Panics
    /// When it is longer than there is room.
    pub(crate) fn original(&self, size_bytes: usize) -> &[u8] {
        &self.input[..self.layout.original_bytes_max][..size_bytes]
    }

    /// # Panics
    /// When it is longer than there is room.
    pub(crate) fn logo(&self, size_bytes: usize) -> &[u8] {
        &self.input[self.layout.logo_at()..][..size_bytes]
    }

    /// Whether there was room for it.
    pub(crate) fn put_result(&mut self, bytes: &[u8]) -> bool {
        let room = self.result.get_mut(..bytes.len());
        room.map(|room| room.copy_from_slice(bytes)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        original_bytes_max: 2 * KEPT_BYTES_MAX,
        logo_bytes_max: 100,
        result_bytes_max: 5000,
    };

    #[test]
    fn what_one_side_puts_the_other_side_finds() {
        let memory = Memory::new(LAYOUT).unwrap();
        let mut mapped = Mapped::new(memory.for_guest().unwrap(), LAYOUT).unwrap();
        memory.put_original(b"photo").unwrap();
        memory.put_logo(&[7; 100]).unwrap();
        assert_eq!(mapped.original(5), b"photo");
        assert_eq!(mapped.logo(100), [7; 100]);
        assert!(mapped.put_result(b"result"));
        assert_eq!(memory.take_result(6).unwrap().unwrap(), b"result");
        assert_eq!(mapped.original(5), b"photo");
    }

    #[test]
    fn nothing_goes_beyond_its_room() {
        let memory = Memory::new(LAYOUT).unwrap();
        let mut mapped = Mapped::new(memory.for_guest().unwrap(), LAYOUT).unwrap();
        memory.put_logo(&[0; 101]).unwrap_err();
        memory
            .put_original(&vec![0; LAYOUT.original_bytes_max + 1])
            .unwrap_err();
        assert!(!mapped.put_result(&[0; 5001]));
        assert_eq!(memory.take_result(5001).unwrap(), None);
        assert_eq!(memory.take_result(usize::MAX).unwrap(), None);
    }

    #[test]
    fn a_guest_cannot_cut_it_short() {
        let memory = Memory::new(LAYOUT).unwrap();
        let theirs = memory.for_guest().unwrap();
        theirs.set_len(10).unwrap_err();
        theirs.set_len(1 << 40).unwrap_err();
    }

    #[test]
    fn nobody_can_run_it() {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

        let memory = Memory::new(LAYOUT).unwrap();
        let theirs = memory.for_guest().unwrap();
        let is_older = matches!(
            memfd_create("probe", MemfdFlags::NOEXEC_SEAL),
            Err(Errno::INVAL)
        );
        let made_runnable = theirs.set_permissions(Permissions::from_mode(0o700));
        assert!(made_runnable.is_err() || is_older);
    }

    #[test]
    fn a_large_picture_leaves_nothing_behind() {
        use std::os::unix::fs::MetadataExt as _;

        let memory = Memory::new(LAYOUT).unwrap();
        let held = || memory.file.metadata().unwrap().blocks() * 512;
        memory
            .put_original(&vec![1; LAYOUT.original_bytes_max])
            .unwrap();
        assert!(held() >= LAYOUT.original_bytes_max as u64);
        memory.give_back(LAYOUT.original_bytes_max, 0).unwrap();
        assert_eq!(held(), KEPT_BYTES_MAX as u64);
    }
}
