//! Which names are free for results.

use std::{
    collections::HashSet,
    ffi::OsString,
    iter,
    path::{Path, PathBuf},
};

/// The names that are taken: by sources for good, by other files unless they may be replaced, by this run.
#[derive(Debug)]
pub(crate) struct Names {
    sources: HashSet<PathBuf>,
    taken: HashSet<PathBuf>,
    overwrite: bool,
}

impl Names {
    pub(crate) fn new<'s>(sources: impl Iterator<Item = &'s Path>, overwrite: bool) -> Self {
        Self {
            sources: sources
                .filter_map(|source| source.canonicalize().ok())
                .collect(),
            taken: HashSet::new(),
            overwrite,
        }
    }

    /// None is taken, and nothing that lies anywhere is looked at by [`Names::reserve`].
    pub(crate) fn of_nothing() -> Self {
        Self::new(iter::empty(), false)
    }

    /// `wanted`, or the first of `wanted-2`, `wanted-3` … that is free.
    pub(crate) fn take(&mut self, wanted: &Path) -> PathBuf {
        let free = numbered(wanted).find(|name| self.is_free(name));
        let free = free.expect("numbers do not end");
        self.taken.insert(free.clone());
        free
    }

    /// `wanted`, or the first of its numbers that this run has not given away, whatever lies there.
    pub(crate) fn reserve(&mut self, wanted: &Path) -> PathBuf {
        let free = numbered(wanted).find(|name| !self.taken.contains(name));
        let free = free.expect("numbers do not end");
        self.taken.insert(free.clone());
        free
    }

    /// The file among `wanted` and its numbers that `is_made` says to be the result, where an earlier run has left it. What lies
    /// behind the name that [`Names::take`] would give is not looked at: a result that may replace another belongs there.
    pub(crate) fn take_made(
        &mut self,
        wanted: &Path,
        is_made: impl Fn(&Path) -> bool,
    ) -> Option<PathBuf> {
        for name in numbered(wanted) {
            if !self.taken.contains(&name) && !self.is_source(&name) && is_made(&name) {
                self.taken.insert(name.clone());
                return Some(name);
            }
            if self.is_free(&name) {
                break;
            }
        }
        None
    }

    fn is_source(&self, name: &Path) -> bool {
        let itself = name.canonicalize();
        itself.is_ok_and(|name| self.sources.contains(&name))
    }

    fn is_free(&self, name: &Path) -> bool {
        !self.taken.contains(name) && (!name.exists() || self.overwrite && !self.is_source(name))
    }
}

/// `wanted`, `wanted-2`, `wanted-3` …
fn numbered(wanted: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = (2u64..).map(|number| with_number(wanted, number));
    iter::once(wanted.to_owned()).chain(numbered)
}

/// Built from the name's own bytes: not every name is UTF-8.
fn with_number(path: &Path, number: u64) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::new(iter::empty(), false);
        let wanted = Path::new("no-such-folder/a.jpg");
        assert_eq!(names.take(wanted), wanted);
        assert_eq!(names.take(wanted), Path::new("no-such-folder/a-2.jpg"));
    }

    #[test]
    fn what_may_be_replaced_is_not_passed_over_for_a_copy_with_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let (wanted, copy) = (folder.path().join("a.jpg"), folder.path().join("a-2.jpg"));
        std::fs::write(&wanted, "another").unwrap();
        std::fs::write(&copy, "made").unwrap();
        let is_made = |path: &Path| std::fs::read(path).is_ok_and(|bytes| bytes == b"made");
        let made = |overwrite| Names::new(iter::empty(), overwrite).take_made(&wanted, is_made);
        assert_eq!(made(false), Some(copy));
        assert_eq!(made(true), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_survives_its_number() {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
        let path = |bytes| Path::new(OsStr::from_bytes(bytes));
        assert_eq!(
            with_number(path(b"out/f\xfc.jpg"), 2),
            path(b"out/f\xfc-2.jpg")
        );
    }
}
