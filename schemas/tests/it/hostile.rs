//! Words of strangers: no panic, no limit passed, and what is taken is taken the same way again.

use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use schemas::{
    Context, Digest, Job, OutputFormat, Recipe, Request,
    recipe::{Date, FIELDS, TEXT_CHARS_MAX},
};

use crate::support::read;

const EXAMPLES: [&str; 5] = ["default", "fonts", "full", "lines", "logo"];

fn context(said: &str) -> Context {
    let mut context = Context::new(Date::new(2026, 11, 20), OutputFormat::Jpeg);
    context.filename = said.to_owned();
    context.exif.artist = said.to_owned();
    context
}

/// A field and a value that may be of it, of another one, or of none.
fn field() -> impl Strategy<Value = (String, String)> {
    let known = prop::sample::select(FIELDS.to_vec()).prop_map(str::to_owned);
    let names = prop_oneof![9 => known, 1 => any::<String>()];
    let values = prop_oneof![
        any::<String>(),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "auto",
            "#ffffff",
            "tile",
            "keep",
            "webp",
            "true",
            "{exif.artist}",
            "{{",
            "{"
        ])
        .prop_map(str::to_owned),
        "\\{[a-z.]{0,12}\\}".prop_map(|variable| variable.repeat(40)),
    ];
    (names, values)
}

/// An example of a job with some bytes of it changed, left out or repeated.
fn mutated_job() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<usize>(), any::<u8>(), 0..3), 1..6);
    (0..EXAMPLES.len(), changes).prop_map(|(example, changes)| {
        let mut bytes = read(&format!("examples/job-{}.json", EXAMPLES[example])).into_bytes();
        for (place, value, way) in changes {
            let place = place % bytes.len();
            match way {
                0 => bytes[place] = value,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, value),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_fields_are_a_recipe_or_a_reason(
        fields in prop::collection::vec(field(), 0..6),
        said in prop_oneof![any::<String>(), Just("x".repeat(300))],
    ) {
        let mut request = Request::default();
        for (field, value) in &fields {
            let _ = request.set(field, value);
        }
        let resolved = request.clone().resolve(&context(&said));
        prop_assert_eq!(&resolved, &request.resolve(&context(&said)));
        if let Ok(recipe) = resolved {
            let text = recipe.wm_text.as_ref().map(|text| text.as_str().chars().count());
            prop_assert!(text.unwrap_or_default() as u64 <= TEXT_CHARS_MAX as u64);
            let job = Job::new(Digest::of(b""), recipe.clone(), 0);
            let again: Recipe = Job::parse(&job.to_json(), None).unwrap().recipe;
            prop_assert_eq!(again, recipe);
        }
    }

    #[test]
    fn a_damaged_message_is_a_job_or_a_reason(bytes in mutated_job()) {
        if let Ok(job) = Job::parse(&bytes, None) {
            let id = job.id().to_string();
            prop_assert_eq!(Job::parse(&job.to_json(), Some(&id)).unwrap(), job);
        }
    }

    #[test]
    fn noise_is_no_job(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Job::parse(&bytes, None).is_err());
    }
}

/// The parser goes 128 levels deep and no deeper, and so does not run out of stack.
#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{\"recipe\":"] {
        let deep = open.repeat(schemas::job::MESSAGE_BYTES_MAX / open.len());
        assert!(Job::parse(deep.as_bytes(), None).is_err());
    }
}
