//! A guest that does what the mark's text tells it, as one would that a picture has taken over.
//!
//! Every other text is drawn, by the engine itself.

#![expect(clippy::print_stdout, reason = "a host says when its guests are stuck")]

use std::{
    env,
    fs::{self, File},
    hint::{black_box, spin_loop},
    io::{Write as _, stderr},
    mem,
    net::UdpSocket,
    ops::ControlFlow,
    process::{Command, ExitCode, abort},
    ptr,
    sync::Barrier,
    thread,
};

use engine::{Fonts, InputError, Limits, Material, RenderError, Rendered};
use rustix::net::{SendFlags, send};
use schemas::{
    OutputFormat, Recipe, Request, Step,
    recipe::{Context, Date},
};
use slot::{
    Guests, Renderer as _, SharedFonts, Task, Watch,
    guest::{Engine, Sound, serve_with},
    host::{Options, STOP_MAX},
};

/// Not so much that a guest is replaced for it.
const KEPT_BYTES: usize = 150 << 20;
/// What is there in a guest that kept nothing, where a picture may have 32 MiB.
const NEEDED_BYTES: usize = 200 << 20;

/// An engine that obeys.
struct Unruly;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["dies-at-start"] => ExitCode::from(3),
        ["hosts", guests] => host(guests.to_owned()),
        _ => serve_with(Unruly),
    }
}

/// Is a host itself, of two guests that hang, until somebody kills it.
fn host(argument: String) -> ExitCode {
    let guests = Guests::start(Options {
        program: env::current_exe().expect("it is running"),
        arguments: vec![argument],
        places: 2,
        fonts: SharedFonts::of(&Fonts::embedded()).expect("there is room for no fonts"),
        limits: Limits::default(),
        original_bytes_max: 1 << 20,
        result_bytes_max: 1 << 20,
        cpu_secs_max: 60,
        stop_max: STOP_MAX,
        is_locked_in: true,
    });
    let (recipe, begun) = (told("hang"), Barrier::new(3));
    let task = Task {
        original: b"",
        logo: None,
        recipe: &recipe,
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| guests.render(&task, &mut Begun(&begun)));
        }
        begun.wait();
        println!("two guests are stuck");
    });
    ExitCode::SUCCESS
}

fn told(order: &str) -> Recipe {
    let mut request = Request::default();
    request.set("wm_text", order).expect("it is short");
    let context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    request.resolve(&context).expect("an order needs nothing")
}

/// Says when the work has begun.
struct Begun<'b>(&'b Barrier);

impl Watch for Begun<'_> {
    fn begin(&mut self, _: Step) -> ControlFlow<()> {
        self.0.wait();
        ControlFlow::Continue(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Engine for Unruly {
    fn render(
        &mut self,
        source: &[u8],
        recipe: &Recipe,
        material: Material<'_>,
        limits: &Limits,
        on_step: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Rendered, RenderError> {
        let order = recipe.wm_text.as_ref().map_or("", |text| text.as_str());
        match order {
            "look" => return look(source),
            "ask" => return ask(on_step),
            "die when stopped" => {
                drop(ask(on_step));
                abort();
            }
            _ => {}
        }
        obey(order)?;
        Sound.render(source, recipe, material, limits, on_step)
    }
}

/// Does what it is told, if it is an order at all. What was done in spite of the lock-in is told as a broken picture.
fn obey(order: &str) -> Result<(), RenderError> {
    match order {
        "abort" => abort(),
        "panic" => panic!("told to"),
        "kill itself" => kill_itself(),
        "nothing" => say(""),
        "fault" => touch_nothing(),
        "hang" => {
            say(r#"{"Step":"decode"}"#)?;
            loop {
                thread::park();
            }
        }
        "burn" => loop {
            spin_loop();
        },
        "burn on" => {
            hear_of_no_limit();
            obey("burn")
        }
        "allocate" => hoard(1 << 24),
        "keep" => {
            mem::forget(black_box(vec![1_u8; KEPT_BYTES]));
            Ok(())
        }
        "need" => {
            drop(black_box(vec![1_u8; NEEDED_BYTES]));
            Ok(())
        }
        "allocate in pieces" => hoard(1 << 10),
        "open" => did(&File::open("/etc/hostname")),
        "write" => write(),
        "bind" => did(&UdpSocket::bind("127.0.0.1:0")),
        "fork" => did(&Command::new("/bin/true").spawn()),
        "thread" => did(&thread::Builder::new().spawn(|| {})),
        "shout" => did(&stderr().write_all(&[b'!'; 1 << 20])),
        "no JSON" => say("Done!"),
        "no word" => say(r#"{"Stolen":1}"#),
        "step back" => say(r#"{"Step":"encode"}"#).and_then(|()| say(r#"{"Step":"decode"}"#)),
        "foreign step" => say(r#"{"Step":"total"}"#),
        "ready again" => say(r#"{"Ready":{"limits":"off","landlock":"off","seccomp":"off"}}"#),
        "too much" => done("jpeg", 1 << 40, 1),
        "another format" => done("png", 10, 1),
        // What the picture before left there is a result of its format, if there was one.
        "no picture" => done("jpeg", 0, 1),
        "no sides" => done("jpeg", 10, 0),
        "too wide" => done("jpeg", 10, 4_000_000_000),
        "stopped" => say("\"Stopped\""),
        "a text" => say("{\"\\u001b[31mhttp://evil.example\\n\":1}"),
        "no reason" => say(r#"{"Refused":{"code":"<script>","message":""}}"#),
        "too long a message" => say(&" ".repeat(100_000)),
        _ => Ok(()),
    }
}

/// Asks whether it may go on until it may not.
fn ask(on_step: &mut dyn FnMut(Step) -> ControlFlow<()>) -> Result<Rendered, RenderError> {
    let before = Step::Decode;
    while on_step(before).is_continue() {}
    Err(RenderError::Stopped { before })
}

/// Looks at every byte and makes nothing of them: what is left is the hand-over.
fn look(source: &[u8]) -> Result<Rendered, RenderError> {
    black_box(source.iter().fold(0_u8, |sum, byte| sum ^ byte));
    Err(RenderError::Input(InputError::NoMark))
}

/// Reads where there is nothing.
fn touch_nothing() -> Result<(), RenderError> {
    let nowhere = ptr::without_provenance::<u8>(8);
    #[expect(unsafe_code, reason = "this is what a decoder does that is broken")]
    // SAFETY: there is none, and that is what it is for.
    black_box(unsafe { nowhere.read_volatile() });
    Ok(())
}

/// As somebody else would.
fn kill_itself() -> Result<(), RenderError> {
    #[expect(unsafe_code, reason = "no safe function does that to a thread")]
    // SAFETY: nothing is left that it could harm.
    black_box(unsafe { libc::raise(libc::SIGKILL) });
    Ok(())
}

/// The limit of CPU time is a signal, and this is who ignores it.
fn hear_of_no_limit() {
    #[expect(unsafe_code, reason = "no safe function ignores a signal")]
    // SAFETY: no handler is installed.
    unsafe {
        libc::signal(libc::SIGXCPU, libc::SIG_IGN);
    }
}

/// Takes memory and uses it, until there is no more.
fn hoard(piece_bytes: usize) -> Result<(), RenderError> {
    let mut pieces = Vec::new();
    loop {
        pieces.push(black_box(vec![1_u8; piece_bytes]));
    }
}

/// Makes a file.
fn write() -> Result<(), RenderError> {
    let path = format!("/tmp/nws-unruly-slot-{}", std::process::id());
    let made = File::create(&path);
    drop(fs::remove_file(path));
    did(&made)
}

/// Tells that something was done that should not be possible.
fn did<T>(done: &std::io::Result<T>) -> Result<(), RenderError> {
    match done {
        Ok(_) => Err(RenderError::Input(InputError::NoMark)),
        Err(_) => Ok(()),
    }
}

/// Says what no guest says, on the channel.
fn say(text: &str) -> Result<(), RenderError> {
    send(rustix::stdio::stdin(), text.as_bytes(), SendFlags::empty()).expect("the host listens");
    Ok(())
}

fn done(format: &str, size_bytes: u64, width: u32) -> Result<(), RenderError> {
    say(&format!(
        r#"{{"Done":{{"size_bytes":{size_bytes},"format":"{format}","width":{width},"height":1,"frames":1,"written":"lossless","contrast":null}}}}"#
    ))
}
