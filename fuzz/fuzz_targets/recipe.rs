//! Fields as a client writes them, a line each: what resolves is a recipe that travels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schemas::{
    OutputFormat, Recipe, Request,
    recipe::{Context, Date},
};

fuzz_target!(|text: &str| {
    let mut request = Request::default();
    for line in text.split('\u{1}') {
        let (field, value) = line.split_once('=').unwrap_or(("wm_text", line));
        let _ = request.set(field, value);
    }
    let mut context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    context.filename = text.to_owned();
    context.exif.artist = text.to_owned();
    if let Ok(recipe) = request.resolve(&context) {
        let json = schemas::Job::new(schemas::Digest::of(b""), recipe.clone(), 0).to_json();
        let job = schemas::Job::parse(&json, None).expect("a recipe travels");
        let again: Recipe = job.recipe;
        assert_eq!(again.canonical(), recipe.canonical());
    }
});
