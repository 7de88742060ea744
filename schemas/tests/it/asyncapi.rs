//! The AsyncAPI document points at things that exist, and its examples meet its schemas.

use schemas::{Status, job::JOB_V1};
use serde_json::Value;

use crate::support::{read, read_json, violations};

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let references = references(&document);
    assert!(references.contains(&"json/job.v1.schema.json"));
    for reference in references {
        resolve(&document, reference);
    }
}

#[test]
fn every_example_meets_its_schema() {
    let document = document();
    for (name, message) in fields(&document["components"]["messages"]) {
        let examples = message["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            for part in ["payload", "headers"] {
                let Some(value) = example.get(part) else {
                    continue;
                };
                let schema = resolve(&document, message[part]["$ref"].as_str().unwrap());
                assert_eq!(
                    violations(&schema, value),
                    [""; 0],
                    "{name}, {part} of {}",
                    example["name"]
                );
            }
        }
    }
}

#[test]
fn the_document_uses_the_words_of_the_code() {
    let document = document();
    let messages = &document["components"]["messages"];
    assert_eq!(messages["job"]["name"], JOB_V1);
    assert_eq!(messages["job"]["bindings"]["amqp"]["messageType"], JOB_V1);
    for example in messages["state"]["examples"].as_array().unwrap() {
        let word = example["payload"]["status"].as_str().unwrap();
        assert!(
            Status::ALL.iter().any(|status| status.as_str() == word),
            "{word}"
        );
    }
}

fn document() -> Value {
    serde_saphyr::from_str(&read("asyncapi.yaml")).unwrap()
}

/// Every `$ref` under `value`.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(fields.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// What a reference stands for: a part of `document`, or a file beside it.
fn resolve(document: &Value, reference: &str) -> Value {
    match reference.strip_prefix('#') {
        Some(pointer) => {
            let part = document
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{reference} leads nowhere"));
            match part.get("$ref") {
                Some(further) => resolve(document, further.as_str().unwrap()),
                None => part.clone(),
            }
        }
        None => read_json(reference),
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}
