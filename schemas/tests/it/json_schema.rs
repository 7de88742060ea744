//! The JSON Schema files are what the types say.

use std::fs;

use schemars::{Schema, schema_for};
use schemas::{Event, Job, Recipe, State, Stats};

use crate::support::{path, read};

/// `NWS_BLESS=1 cargo test -p schemas the_files` writes them anew. Look at the difference before it is committed: what
/// others wrote against the old file must still hold.
#[test]
fn the_files_are_what_the_types_say() {
    for (file, schema) in schemas() {
        let expected = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("NWS_BLESS").is_some() {
            fs::write(path(file), &expected).unwrap();
        }
        assert!(
            read(file) == expected,
            "{file} is not what the types say; NWS_BLESS=1 writes it anew"
        );
    }
}

fn schemas() -> [(&'static str, Schema); 5] {
    [
        ("json/job.v1.schema.json", schema_for!(Job)),
        ("json/recipe.schema.json", schema_for!(Recipe)),
        ("json/state.schema.json", schema_for!(State)),
        ("json/event.schema.json", schema_for!(Event)),
        ("json/stats.schema.json", schema_for!(Stats)),
    ]
}
