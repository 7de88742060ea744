//! Messages that were written once must be understood for ever.

use std::{collections::BTreeSet, fs};

use schemas::{Event, Job, Recipe, State, Stats, Status, job::JobError};
use serde_json::{Value, json};

use crate::support::{path, read, read_json, violations};

#[test]
fn every_example_still_parses_and_meets_its_schema() {
    for name in examples() {
        let example = read_json(&format!("examples/{name}"));
        let schema = read_json(schema_of(&name));
        assert_eq!(violations(&schema, &example), [""; 0], "{name}");
        let written_again = parsed(&name, example);
        assert_eq!(
            violations(&schema, &written_again),
            [""; 0],
            "{name}, written again"
        );
    }
}

/// Ids are links, cache keys and file names in other people's hands. There is no blessing here: a new way to compute
/// them needs a new version of the message.
#[test]
fn job_ids_never_change() {
    let pinned = read("examples/job-ids.txt");
    assert!(pinned.lines().count() >= 3);
    for line in pinned.lines() {
        let (id, name) = line.split_once("  ").unwrap();
        let body = read(&format!("examples/{name}"));
        let job =
            Job::parse(body.as_bytes(), Some(id)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(job.id().to_string(), id, "{name}");
    }
}

#[test]
fn every_status_has_an_example() {
    for status in Status::ALL {
        let state: State =
            serde_json::from_str(&read(&format!("examples/state-{status}.json"))).unwrap();
        assert_eq!(state.status, status);
    }
}

#[test]
fn a_recipe_left_at_its_defaults_is_the_full_one() {
    let minimal: Job = serde_json::from_str(&read("examples/job-minimal.json")).unwrap();
    let written = serde_json::to_value(&minimal.recipe).unwrap();
    let fields = written.as_object().unwrap();
    assert_eq!(fields.len(), 10);
    assert_eq!(fields["width"], 1920);
    assert_eq!(fields["wm_position"], "bottom-right");
}

/// Who checks a message against the schema before publishing it is not surprised by the worker.
#[test]
fn what_the_schema_refuses_the_worker_refuses() {
    let schema = read_json("json/job.v1.schema.json");
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/original/sha256", json!("abc")),
        ("/original/sha256", json!("A".repeat(64))),
        ("/original/bytes", json!("")),
        ("/queued_at_ms", json!(-1)),
        ("/recipe/width", json!(0)),
        ("/recipe/height", json!(16_385)),
        ("/recipe/max_bytes", json!(0)),
        ("/recipe/progressive", json!("true")),
        ("/recipe/quality", json!("best")),
        ("/recipe/quality", json!(101)),
        ("/recipe/wm_color", json!("red")),
        ("/recipe/wm_format", json!("auto")),
        ("/recipe/wm_opacity", json!(1.5)),
        ("/recipe/wm_position", json!("everywhere")),
        ("/recipe/wm_rotate", json!(361)),
        ("/recipe/wm_logo_size", json!(0.4)),
        ("/logo", json!(null)),
        ("/logo", json!("abc")),
        ("/recipe/wm_size", json!(26)),
        ("/recipe/wm_spacing", json!(-1)),
        ("/recipe/wm_align", json!("justify")),
        ("/recipe/wm_fonts", json!(null)),
        ("/recipe/wm_fonts", json!(["abc"])),
        ("/recipe/wm_fonts", json!(["0".repeat(64), "0".repeat(64)])),
        ("/recipe/wm_text", json!(null)),
        ("/recipe/wm_text", json!("")),
        ("/recipe/wm_text", json!("x".repeat(257))),
        ("/recipe/wm_glitter", json!(1)),
    ] {
        let message = changed(read_json("examples/job-full.json"), pointer, value);
        assert_ne!(violations(&schema, &message), [""; 0], "{pointer}");
        let refused = Job::parse(message.to_string().as_bytes(), None);
        assert!(
            matches!(refused, Err(JobError::Schema(_))),
            "{pointer}: {refused:?}"
        );
    }
}

#[test]
fn a_job_has_a_text_or_a_logo() {
    let schema = read_json("json/job.v1.schema.json");
    let mut message = read_json("examples/job-logo.json");
    assert!(message["recipe"].get("wm_text").is_none());
    message.as_object_mut().unwrap().remove("logo");
    assert_ne!(violations(&schema, &message), [""; 0]);
    let refused = Job::parse(message.to_string().as_bytes(), None);
    assert!(matches!(refused, Err(JobError::NoMark)), "{refused:?}");
}

fn examples() -> BTreeSet<String> {
    let files = fs::read_dir(path("examples")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".json")).collect()
}

/// An example's name begins with what it is an example of.
fn schema_of(name: &str) -> &'static str {
    match name.split_once('-') {
        Some(("job", _)) => "json/job.v1.schema.json",
        Some(("recipe", _)) => "json/recipe.schema.json",
        Some(("state", _)) => "json/state.schema.json",
        Some(("event", _)) => "json/event.schema.json",
        Some(("stats", _)) => "json/stats.schema.json",
        _ => panic!("{name}: an example of what?"),
    }
}

/// The example through its type and back.
fn parsed(name: &str, example: Value) -> Value {
    fn through<T: serde::Serialize + serde::de::DeserializeOwned>(
        example: Value,
    ) -> serde_json::Result<Value> {
        serde_json::to_value(serde_json::from_value::<T>(example)?)
    }
    let written = match name.split_once('-') {
        Some(("job", _)) => through::<Job>(example),
        Some(("recipe", _)) => through::<Recipe>(example),
        Some(("state", _)) => through::<State>(example),
        Some(("stats", _)) => through::<Stats>(example),
        _ => through::<Event>(example),
    };
    written.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn changed(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    message.pointer_mut(parent).unwrap()[field] = value;
    message
}
