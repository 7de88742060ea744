//! Guests, pictures, and somebody who watches.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use engine::{Fonts, Limits};
use image::{DynamicImage, ImageFormat, RgbImage};
use schemas::{
    OutputFormat, Recipe, Request, Step,
    recipe::{Context, Date},
};
use slot::{
    Fault, Guests, InProcess, Made, Renderer as _, SharedFonts, Task, Watch,
    host::{Options, STOP_MAX},
};

/// Guests that obey, as many at once as `places`, and one to spare.
pub(crate) fn guests(places: usize) -> Guests {
    guests_with(|options| options.places = places)
}

pub(crate) fn guests_with(change: impl FnOnce(&mut Options)) -> Guests {
    let mut options = Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_unruly-slot")),
        arguments: Vec::new(),
        places: 1,
        fonts: SharedFonts::of(&Fonts::embedded()).unwrap(),
        limits: Limits::default(),
        original_bytes_max: 64 << 20,
        result_bytes_max: 16 << 20,
        cpu_secs_max: 60,
        stop_max: STOP_MAX,
        is_locked_in: true,
    };
    change(&mut options);
    Guests::start(options)
}

pub(crate) fn in_process() -> InProcess {
    InProcess {
        fonts: Arc::new(Fonts::embedded()),
        limits: Limits::default(),
    }
}

/// What becomes of a small photo whose mark is `order`.
pub(crate) fn told(guests: &Guests, order: &str) -> Result<Made, Fault> {
    render(guests, &photo(), &recipe(&[("wm_text", order)]))
}

/// What becomes of a photo that nobody stops.
pub(crate) fn render(guests: &Guests, original: &[u8], recipe: &Recipe) -> Result<Made, Fault> {
    guests.render(&task(original, recipe), &mut Patient::default())
}

pub(crate) const fn task<'t>(original: &'t [u8], recipe: &'t Recipe) -> Task<'t> {
    Task {
        original,
        logo: None,
        recipe,
    }
}

pub(crate) fn recipe(fields: &[(&str, &str)]) -> Recipe {
    let mut request = Request::default();
    for (field, value) in fields {
        request.set(field, value).unwrap();
    }
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).unwrap()
}

/// A small JPEG.
pub(crate) fn photo() -> Vec<u8> {
    encoded(&landscape(160, 120), ImageFormat::Jpeg)
}

pub(crate) fn landscape(width: u32, height: u32) -> DynamicImage {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let grain = (x.wrapping_mul(73) ^ y.wrapping_mul(151)) as u8 & 15;
        image::Rgb([
            (x * 200 / width) as u8 + grain,
            (y * 200 / height) as u8 + grain,
            120,
        ])
    });
    DynamicImage::ImageRgb8(pixels)
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Waits for the end, and keeps the steps.
#[derive(Default)]
pub(crate) struct Patient {
    pub(crate) steps: Vec<Step>,
}

impl Watch for Patient {
    fn begin(&mut self, step: Step) -> ControlFlow<()> {
        self.steps.push(step);
        ControlFlow::Continue(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Says when a step has begun, and wants no more once it is told so.
pub(crate) struct Until<'a> {
    begun: &'a Barrier,
    is_over: &'a AtomicBool,
}

impl<'a> Until<'a> {
    /// Whoever waits at `begun` hears of the first step, until `is_over`.
    pub(crate) const fn begun(begun: &'a Barrier, is_over: &'a AtomicBool) -> Self {
        Self { begun, is_over }
    }
}

impl Watch for Until<'_> {
    fn begin(&mut self, _: Step) -> ControlFlow<()> {
        self.begun.wait();
        ControlFlow::Continue(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        if self.is_over.load(Ordering::SeqCst) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Wants no more after a moment.
pub(crate) struct Impatient(pub(crate) Instant);

impl Impatient {
    pub(crate) fn after(wait: Duration) -> Self {
        Self(Instant::now() + wait)
    }
}

impl Watch for Impatient {
    fn begin(&mut self, _: Step) -> ControlFlow<()> {
        self.go_on()
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        if Instant::now() < self.0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
