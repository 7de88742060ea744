//! The fonts of a process: those inside the binary, and what the setting `fonts` adds.
//!
//! They are loaded once, at the start, in an order that the setting gives: path by path, a folder's files by their paths
//! below it. Nobody else's settings are looked at, so that two machines with the same files come to the same fonts.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use engine::{FontFile, Fonts};
use walkdir::WalkDir;

use crate::config::ConfigError;

/// The setting that names files and folders.
const KEY: &str = "fonts";
/// Files that are loaded at most: every script of Noto is about 200, in several weights.
const FILES_MAX: usize = 1024;
/// The longest file. Chinese, Japanese and Korean together are 30 MiB, in several weights.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// All files together. They stay in memory.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// What a font in a folder is called. A file that is named by itself may be called otherwise.
const EXTENSIONS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// Fonts, and what of the folders is none.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) fonts: Fonts,
    /// Files besides those inside the binary.
    pub(crate) files: usize,
    /// What they take in memory.
    pub(crate) bytes: u64,
    pub(crate) skipped: Vec<Skipped>,
}

/// A file of a folder that is no font, or a broken one.
#[derive(Debug)]
pub(crate) struct Skipped {
    pub(crate) path: PathBuf,
    pub(crate) reason: String,
}

/// What is loaded so far.
#[derive(Default)]
struct Files {
    fonts: Vec<FontFile>,
    bytes: u64,
    skipped: Vec<Skipped>,
}

/// Loads what `setting` names: files and folders with colons between them.
///
/// # Errors
/// When one is not there or cannot be read, when a file that is named by itself is no font, and when they are too many.
pub(crate) fn load(setting: &str) -> Result<Loaded, ConfigError> {
    let mut files = Files::default();
    let paths = std::env::split_paths(setting);
    for path in paths.filter(|path| !path.as_os_str().is_empty()) {
        files.load(&path).map_err(|problem| ConfigError::Invalid {
            key: KEY,
            problem: format!("{}: {problem}", path.display()),
        })?;
    }
    Ok(Loaded {
        files: files.fonts.len(),
        bytes: files.bytes,
        fonts: Fonts::with_files(files.fonts),
        skipped: files.skipped,
    })
}

impl Files {
    fn load(&mut self, path: &Path) -> Result<(), String> {
        if !path.is_dir() {
            let font = read(path)?;
            return self.take(font);
        }
        for path in fonts_below(path)? {
            match read(&path) {
                Ok(font) => self.take(font)?,
                Err(reason) => self.skipped.push(Skipped { path, reason }),
            }
        }
        Ok(())
    }

    fn take(&mut self, (font, bytes): (FontFile, u64)) -> Result<(), String> {
        self.fonts.push(font);
        self.bytes += bytes;
        if self.fonts.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} font files, the limit"));
        }
        if self.bytes > BYTES_MAX {
            let bytes = self.bytes;
            return Err(format!("{bytes} bytes of fonts, the limit is {BYTES_MAX}"));
        }
        Ok(())
    }
}

/// A folder's fonts in the order of their names, folder by folder, whatever the file system's order is.
fn fonts_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut fonts = Vec::new();
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.file_type().is_file() && is_font_name(entry.path()) {
            fonts.push(entry.into_path());
        }
    }
    Ok(fonts)
}

fn is_font_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    EXTENSIONS
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// A font file and its length.
fn read(path: &Path) -> Result<(FontFile, u64), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| error.to_string())? as u64;
    if length > FILE_BYTES_MAX {
        return Err(format!("longer than {FILE_BYTES_MAX} bytes, the limit"));
    }
    let font = FontFile::parse(bytes).map_err(|error| error.to_string())?;
    Ok((font, length))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const INTER: &[u8] = include_bytes!("../../engine/fonts/Inter-SemiBold.otf");
    const HEBREW: &[u8] = include_bytes!("../../engine/fonts/NotoSansHebrew-Bold.ttf");

    #[test]
    fn without_a_setting_there_are_the_fonts_inside_the_binary() {
        let loaded = load("").unwrap();
        assert_eq!((loaded.files, loaded.bytes), (0, 0));
        loaded.fonts.check("NWS").unwrap();
    }

    #[test]
    fn a_folder_is_loaded_and_what_is_broken_in_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("b")).unwrap();
        for (name, bytes) in [
            ("a.OTF", INTER),
            ("b/c.ttf", HEBREW),
            ("b/half.ttf", &HEBREW[..300]),
            ("README", b"no font"),
            ("z.ttc", b"no font"),
        ] {
            fs::write(path(name), bytes).unwrap();
        }
        let loaded = load(folder.path().to_str().unwrap()).unwrap();
        let bytes = (INTER.len() + HEBREW.len()) as u64;
        assert_eq!((loaded.files, loaded.bytes), (2, bytes));
        let skipped = loaded.skipped.iter().map(|skipped| skipped.path.clone());
        assert_eq!(
            skipped.collect::<Vec<_>>(),
            [path("b/half.ttf"), path("z.ttc")]
        );
    }

    #[test]
    fn what_is_named_and_not_there_or_no_font_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let (gone, broken) = (folder.path().join("gone"), folder.path().join("broken.ttf"));
        fs::write(&broken, b"no font").unwrap();
        for path in [gone, broken] {
            let setting = format!("{}:{}", folder.path().display(), path.display());
            let error = load(&setting).unwrap_err().to_string();
            let expected = format!("fonts: {}: ", path.display());
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn paths_come_in_their_order_and_folders_in_that_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.ttf", "a.ttf", "c.ttf"] {
            fs::write(folder.path().join(name), HEBREW).unwrap();
        }
        let names: Vec<_> = fonts_below(folder.path()).unwrap();
        let expected = ["a.ttf", "b.ttf", "c.ttf"].map(|name| folder.path().join(name));
        assert_eq!(names, expected);
    }
}
