//! The jobs: the same picture, box, mark, format and quality for everybody.

use serde::Serialize;

use crate::picture::Class;

/// The box of every job, in pixels.
pub(crate) const BOX: (u32, u32) = (1920, 1080);

/// One row of the tables.
#[derive(Debug)]
pub(crate) struct Job {
    /// What the tables and the goals call it.
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// What others are asked for.
    pub(crate) output: Output,
    /// What the engine is asked for, beside the box and the text.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    pub(crate) check: Check,
    /// Whether it is so slow that few pictures and rounds must do.
    pub(crate) is_slow: bool,
}

/// How a file is to be written.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) quality: u8,
    /// The encoder's own scale: libwebp's method, or sharp's effort for AVIF.
    pub(crate) effort: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Jpeg,
    Webp,
    Avif,
    Png,
}

/// What is looked at in the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// SSIMULACRA2: the engine's may not be worse than sharp's.
    Gate,
    /// SSIMULACRA2, for information: formats whose quality scales are not the same, or other codecs.
    Score,
    /// No pixel outside the mark may differ from the source.
    Exact,
    /// Size only: peers convert colours, so that pixels are not comparable.
    Size,
}

impl Output {
    const JPEG: Self = Self {
        format: Format::Jpeg,
        quality: 85,
        effort: 4,
    };
    const WEBP: Self = Self {
        format: Format::Webp,
        quality: 80,
        effort: 4,
    };
    pub(crate) const PNG: Self = Self {
        format: Format::Png,
        quality: 100,
        effort: 4,
    };
    /// sharp's default quality; the effort differs.
    const AVIF: Self = Self {
        format: Format::Avif,
        quality: 50,
        effort: 4,
    };
}

/// The scales of the two are not the same: here the engine makes about as many bytes of a detailed picture as sharp does at
/// its 50. Its own choice is 70, nearer to the look of its JPEGs.
const AVIF_OF_EQUAL_BYTES: (&str, &str) = ("quality", "54");

/// The lower methods of libwebp make more bytes, and a better picture, of a quality.
const WEBP_OF_EQUAL_BYTES: (&str, &str) = ("quality", "78");

const JPEG_FIELDS: &[(&str, &str)] = &[("wm_format", "jpeg"), ("quality", "85")];

/// All of them, in the order of the tables.
pub(crate) const JOBS: [Job; 14] = [
    Job::jpeg("J1 12 MP", Class::Megapixels12),
    Job::jpeg("J1 24 MP", Class::Megapixels24),
    Job::jpeg("J1 originals", Class::Originals),
    Job::jpeg("J1 4:4:4", Class::FullChroma),
    Job::jpeg("J1 turned", Class::Turned),
    Job::jpeg("J1 progressive", Class::Progressive),
    Job {
        check: Check::Size,
        ..Job::jpeg("J1 with profile", Class::Profile)
    },
    Job {
        fields: &[("wm_format", "jpeg"), ("quality", "keep")],
        check: Check::Exact,
        ..Job::jpeg("J2 keep", Class::SmallJpeg)
    },
    Job::jpeg("J2 q85", Class::SmallJpeg),
    Job::scored(
        "J3 same method",
        Output::WEBP,
        &[("wm_format", "webp"), ("quality", "80")],
    ),
    Job::scored(
        "J3 fast",
        Output::WEBP,
        &[
            ("wm_format", "webp"),
            WEBP_OF_EQUAL_BYTES,
            ("profile", "fast"),
        ],
    ),
    Job {
        is_slow: true,
        ..Job::scored(
            "J4 fast",
            Output {
                effort: 0,
                ..Output::AVIF
            },
            &[
                ("wm_format", "avif"),
                ("profile", "fast"),
                AVIF_OF_EQUAL_BYTES,
            ],
        )
    },
    Job {
        is_slow: true,
        ..Job::scored(
            "J4 small",
            Output::AVIF,
            &[
                ("wm_format", "avif"),
                ("profile", "small"),
                AVIF_OF_EQUAL_BYTES,
            ],
        )
    },
    Job {
        output: Output::PNG,
        fields: &[("wm_format", "png")],
        check: Check::Exact,
        ..Job::jpeg("J5", Class::SmallPng)
    },
];

impl Job {
    const fn jpeg(name: &'static str, class: Class) -> Self {
        Self {
            name,
            class,
            output: Output::JPEG,
            fields: JPEG_FIELDS,
            check: Check::Gate,
            is_slow: false,
        }
    }

    const fn scored(
        name: &'static str,
        output: Output,
        fields: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            name,
            class: Class::Megapixels12,
            output,
            fields,
            check: Check::Score,
            is_slow: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_jobs_have_one_name() {
        let names: BTreeSet<_> = JOBS.iter().map(|job| job.name).collect();
        assert_eq!(names.len(), JOBS.len());
    }
}
