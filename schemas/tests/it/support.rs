//! Files of this crate, and schemas that check a value.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A file or folder of this crate.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

pub(crate) fn read(relative: &str) -> String {
    let path = path(relative);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn read_json(relative: &str) -> Value {
    serde_json::from_str(&read(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// What `schema` says against `value`, as sentences.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let sentences = validator.iter_errors(value);
    sentences
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}
