//! The pictures, by what they cost; [`crate::making`] is where they come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// Pictures that are alike in what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Baseline JPEG 4:2:0 of 4000×3000.
    Megapixels12,
    /// Baseline JPEG 4:2:0 of 6000×4000.
    Megapixels24,
    /// Baseline JPEGs from 8 megapixels, as they came.
    Originals,
    /// JPEGs with a colour profile, as they came.
    Profile,
    /// Progressive JPEG 4:2:0 of 4000×3000.
    Progressive,
    /// Baseline JPEG 4:4:4 of 4000×3000.
    FullChroma,
    /// Baseline JPEG 4:2:0 of 4000×3000, to be turned by its EXIF.
    Turned,
    /// Baseline JPEG 4:2:0 of 1920×1080.
    SmallJpeg,
    /// PNG of 1920×1080.
    SmallPng,
    /// One baseline JPEG of 10000×10000.
    Megapixels100,
}

impl Class {
    const fn folder(self) -> &'static str {
        match self {
            Self::Megapixels12 => "12mp",
            Self::Megapixels24 => "24mp",
            Self::Originals => "originals",
            Self::Profile => "profile",
            Self::Progressive => "progressive",
            Self::FullChroma => "444",
            Self::Turned => "turned",
            Self::SmallJpeg => "small-jpeg",
            Self::SmallPng => "small-png",
            Self::Megapixels100 => "100mp",
        }
    }

    /// Where the picture of this number is kept below `root`.
    pub(crate) fn picture(self, root: &Path, number: usize) -> PathBuf {
        let extension = match self {
            Self::SmallPng => "png",
            _ => "jpg",
        };
        root.join(self.folder())
            .join(format!("{number:02}.{extension}"))
    }

    /// Its pictures below `root`, `count_max` of them at most, in the order of their names.
    pub(crate) fn pictures(self, root: &Path, count_max: usize) -> anyhow::Result<Vec<PathBuf>> {
        let folder = root.join(self.folder());
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths: Vec<_> = paths.collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!paths.is_empty(), "{} is empty", folder.display());
        paths.sort();
        paths.truncate(count_max);
        Ok(paths)
    }
}
