//! The engine and files that mean harm.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, but not the functions they share"
)]

use std::{
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom},
    ops::ControlFlow,
};

use engine::{Fonts, InputError, Limits, RenderError, Rendered, inspect, render};
use hostile::{Fate, File, bombs, damaged, sound};
use schemas::{
    OutputFormat, Recipe, Request,
    recipe::{Context, Date},
};

fn recipe() -> Recipe {
    let mut request = Request::default();
    for (field, value) in [("width", "300"), ("height", "300")] {
        request.set(field, value).unwrap();
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).unwrap()
}

fn rendered(file: &File, limits: &Limits) -> Result<Rendered, RenderError> {
    let fonts = Fonts::embedded();
    let on_step = &mut |_| ControlFlow::Continue(());
    render(&file.bytes, &recipe(), &fonts, limits, on_step)
}

/// By its header, as whoever takes an upload in sees it.
#[test]
fn every_file_meets_its_fate() {
    let files = sound().into_iter().chain(bombs());
    let missed: Vec<_> = files.filter_map(|file| missed(&file)).collect();
    assert_eq!(missed, Vec::<String>::new());
}

/// What became of a file, if it is not what had to.
fn missed(file: &File) -> Option<String> {
    let refused = inspect(Cursor::new(&file.bytes), &Limits::default()).err();
    let result = match refused {
        Some(refused) => Err(refused),
        None => rendered(file, &Limits::default()).map_err(input).map(drop),
    };
    let told = |error: &InputError| (error.code(), error.measured_and_limit().is_some());
    let is_met = match (&result, file.fate) {
        (_, Fate::Either) => true,
        (Ok(()), fate) => fate == Fate::Rendered,
        (Err(error), Fate::OverLimit(word)) => told(error) == (word, true),
        (Err(error), Fate::Refused(word)) => told(error) == (word, false),
        (Err(error), fate) => fate == Fate::Broken && error.code() == "broken_image",
    };
    let File { kind, name, .. } = file;
    (!is_met).then(|| format!("{kind}, {name}: {result:?}"))
}

fn input(error: RenderError) -> InputError {
    match error {
        RenderError::Input(error) => error,
        stopped @ RenderError::Stopped { .. } => panic!("{stopped}"),
    }
}

/// Whoever takes an upload in reads it outside of any slot.
#[test]
fn a_header_is_read_in_bounded_steps() {
    for file in sound().into_iter().chain(bombs()).chain(damaged(6, 300)) {
        let mut source = Counted::new(&file.bytes);
        let _ = inspect(&mut source, &Limits::default());
        let length = file.bytes.len() as u64;
        let File { kind, name, .. } = &file;
        assert!(
            source.bytes <= 2 * length + 1024,
            "{kind}, {name}: {} bytes are read of {length}",
            source.bytes
        );
        assert!(
            source.steps <= length + 1024 && source.steps <= STEPS_MAX,
            "{kind}, {name}: {length} bytes take {} steps",
            source.steps
        );
    }
}

/// Pieces of a GIF, with a read and a seek for each.
const STEPS_MAX: u64 = 10_000_000;

/// Counts what is read, and how often.
struct Counted<'b> {
    source: Cursor<&'b [u8]>,
    bytes: u64,
    steps: u64,
}

impl<'b> Counted<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self {
            source: Cursor::new(bytes),
            bytes: 0,
            steps: 0,
        }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.steps += 1;
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count(read);
        Ok(read)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.count(bytes);
        self.source.consume(bytes);
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.count(0);
        self.source.seek(to)
    }
}

#[test]
fn the_same_damage_has_the_same_end() {
    let limits = Limits {
        pixels_max: 1_000_000,
        ..Limits::default()
    };
    for file in damaged(1978, 200) {
        let (one, other) = (rendered(&file, &limits), rendered(&file, &limits));
        assert_eq!(one, other, "{}", file.name);
    }
    let names = |seed| damaged(seed, 20).into_iter().map(|file| file.bytes);
    assert!(names(1).eq(names(1)) && names(1).ne(names(2)));
}
