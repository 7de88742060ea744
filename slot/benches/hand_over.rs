//! What a process of its own costs a picture: `cargo bench -p slot`, or with photographs of one's own,
//! `cargo bench -p slot -- photo.jpg …`.

#![expect(clippy::print_stdout, reason = "this is its output")]

use std::{
    env, fs,
    hint::black_box,
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use engine::{Fonts, Limits};
use image::{ImageFormat, RgbImage};
use schemas::{
    OutputFormat, Recipe, Request, Step,
    recipe::{Context, Date},
};
use slot::{
    Guests, InProcess, Renderer, SharedFonts, Task, Watch,
    host::{Options, STOP_MAX},
};

/// Of which the median counts.
const ROUNDS: usize = 31;
/// Pictures of one run at full speed.
const PICTURES: usize = 48;
const PLACES: usize = 2;

fn main() {
    let photos = photos();
    let sizes: Vec<_> = photos.iter().map(|photo| photo.len() / 1000).collect();
    println!("photos of {sizes:?} kB\n");
    start();
    let guests = guests();
    for photo in &photos {
        hand_over(&guests, photo);
    }
    drop(guests);
    println!();
    for _ in 0..3 {
        full_speed("in process", &photos, in_process());
        full_speed("in guests", &photos, self::guests());
    }
}

fn in_process() -> InProcess {
    InProcess {
        fonts: Arc::new(Fonts::embedded()),
        limits: Limits::default(),
    }
}

/// How long it takes from nothing to a guest that has looked at a picture.
fn start() {
    let took = median(9, || {
        let guests = guests();
        look(&guests, b"a photo");
    });
    println!("start of a guest: {took:.2?}");
}

/// How long it takes to give a photo to a guest, have it read every byte, and hear of it.
fn hand_over(guests: &Guests, photo: &[u8]) {
    let over_there = median(ROUNDS, || look(guests, photo));
    let here = median(ROUNDS, || {
        black_box(photo.iter().fold(0_u8, |sum, byte| sum ^ byte));
    });
    let recipe = recipe("look away");
    let job = median(3, || render(guests, photo, &recipe));
    let cost = over_there.saturating_sub(here);
    let share = cost.as_secs_f64() / job.as_secs_f64() * 100.0;
    println!(
        "{:>5} kB: handed over in {cost:.2?}, {share:.2} % of the job's {job:.1?}",
        photo.len() / 1000
    );
}

/// Pictures side by side, as a worker has them; what it takes of the processors, the guests' start and end included.
fn full_speed(name: &str, photos: &[Vec<u8>], renderer: impl Renderer) {
    let recipe = recipe("NWS © 2026");
    let (begun, cpu_before) = (Instant::now(), cpu_time());
    thread::scope(|scope| {
        for place in 0..PLACES {
            let (recipe, renderer) = (&recipe, &renderer);
            scope.spawn(move || {
                for picture in 0..PICTURES / PLACES {
                    render(renderer, &photos[(picture + place) % photos.len()], recipe);
                }
            });
        }
    });
    let rate = PICTURES as f64 / begun.elapsed().as_secs_f64();
    drop(renderer); // guests are waited for, so their time is ours
    let cpu = (cpu_time() - cpu_before) / PICTURES as u32;
    println!("{name:>10}: {cpu:.1?} of CPU a picture, {rate:.1} a second in {PLACES} places");
}

/// What this process and its children that have ended used of the processors.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("this is Linux");
    let (_, fields) = stat.rsplit_once(") ").expect("the name is in parentheses");
    let times = fields.split(' ').skip(11).take(4);
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

fn guests() -> Guests {
    Guests::start(Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_unruly-slot")),
        arguments: Vec::new(),
        places: PLACES,
        fonts: SharedFonts::of(&Fonts::embedded()).expect("there is room for no fonts"),
        limits: Limits::default(),
        original_bytes_max: 20 << 20,
        result_bytes_max: 64 << 20,
        cpu_secs_max: 60,
        stop_max: STOP_MAX,
        is_locked_in: true,
    })
}

fn look(guests: &Guests, photo: &[u8]) {
    let looked = guests.render(&task(photo, &recipe("look")), &mut Patient);
    looked.expect_err("nothing is made of it");
}

fn render(renderer: &dyn Renderer, photo: &[u8], recipe: &Recipe) {
    let made = renderer.render(&task(photo, recipe), &mut Patient);
    black_box(made.expect("the photo is sound"));
}

const fn task<'t>(original: &'t [u8], recipe: &'t Recipe) -> Task<'t> {
    Task {
        original,
        logo: None,
        recipe,
    }
}

fn recipe(text: &str) -> Recipe {
    let mut request = Request::default();
    request.set("wm_text", text).expect("it is short");
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).expect("it is complete")
}

fn median(rounds: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}

/// Those that are named, or one of 12 megapixels with as much grain as makes it 5 MB.
fn photos() -> Vec<Vec<u8>> {
    let named: Vec<_> = env::args().skip(1).filter(|it| it != "--bench").collect();
    if named.is_empty() {
        return vec![grainy()];
    }
    let read = |path: &String| fs::read(path).expect("the photo can be read");
    named.iter().map(read).collect()
}

fn grainy() -> Vec<u8> {
    let mut grain = 0x9e37_79b9_u32;
    let picture = RgbImage::from_fn(4000, 3000, |x, y| {
        // Xorshift (Marsaglia 2003): the same picture every time.
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let noise = (grain & 31) as u8;
        image::Rgb([
            (x / 20) as u8 + noise,
            (y / 15) as u8 + noise,
            (x + y) as u8 / 2 + noise,
        ])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Jpeg)
        .expect("it is written to memory");
    bytes.into_inner()
}

/// Waits for the end.
struct Patient;

impl Watch for Patient {
    fn begin(&mut self, _: Step) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
