//! What is uploaded: files that were made to do harm, sound ones that were damaged, and those of a public set.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ::hostile::File;
use anyhow::Context as _;
use bytes::Bytes;

use super::Options;
use crate::picture;

/// A side of the neighbours' pictures: some ten milliseconds of work.
const NEIGHBOUR_SIDE: u16 = 400;

/// A file to upload.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) group: Group,
    /// The format that it has or pretends to have.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) bytes: Bytes,
}

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Made,
    Damaged,
    Public,
    Neighbour,
}

/// Every input of a run.
pub(super) fn all(options: &Options) -> anyhow::Result<Vec<Input>> {
    let made = ::hostile::bombs();
    let made = made.into_iter().step_by(options.every);
    let damaged = ::hostile::damaged(options.seed, options.damaged);
    let made = made.map(|file| input(Group::Made, file));
    let damaged = damaged.into_iter().map(|file| input(Group::Damaged, file));
    let public = options.pictures.as_deref().map(public).transpose()?;
    Ok(made
        .chain(damaged)
        .chain(public.unwrap_or_default())
        .collect())
}

fn input(group: Group, file: File) -> Input {
    Input {
        group,
        kind: file.kind.to_owned(),
        name: file.name,
        bytes: file.bytes.into(),
    }
}

/// A sound photo. What follows its end makes another upload of it.
pub(super) fn neighbour(number: u64) -> anyhow::Result<Input> {
    let mut bytes = picture::jpeg(NEIGHBOUR_SIDE)?;
    bytes.extend(number.to_be_bytes());
    Ok(Input {
        group: Group::Neighbour,
        kind: "JPEG".to_owned(),
        name: "a neighbour's photo".to_owned(),
        bytes: bytes.into(),
    })
}

/// Every file below a folder, in the order of their names.
fn public(folder: &Path) -> anyhow::Result<Vec<Input>> {
    let mut files = Vec::new();
    below(folder, &mut files)?;
    files.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let extension = path.extension().unwrap_or_default();
        Ok(Input {
            group: Group::Public,
            kind: extension.to_string_lossy().to_ascii_lowercase(),
            name: path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .display()
                .to_string(),
            bytes: bytes.into(),
        })
    };
    files.into_iter().map(read).collect()
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
