//! The contract says what the server does, and nothing else.

use std::collections::BTreeSet;

use publisher::auth::{Config, NewKey};
use serde_json::{Value, json};

use crate::support::{Server, client};

/// What clients are promised; the page's own files are no part of it. Add freely, take nothing away without a word in the CHANGELOG.
const PROMISED: [&str; 17] = [
    "DELETE /status/{id}",
    "GET /admin/dlq",
    "GET /docs",
    "GET /events",
    "GET /health",
    "GET /image/{id}",
    "GET /limits",
    "GET /metrics",
    "GET /openapi.json",
    "GET /original/{id}",
    "GET /ready",
    "GET /stats",
    "GET /status/{id}",
    "HEAD /image/{id}",
    "HEAD /original/{id}",
    "POST /admin/dlq/{id}/replay",
    "POST /upload",
];

async fn contract(server: &Server) -> Value {
    let answer = server.get("/openapi.json", &[]).await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

fn guarded() -> Config {
    let entry = NewKey::new([1; 32]).entry("operator", "admin".parse().unwrap());
    Config {
        auth_keys: entry.unwrap().to_string(),
        ..Config::default()
    }
}

/// Each operation's method, path and description.
fn operations(contract: &Value) -> impl Iterator<Item = (String, &String, &Value)> {
    let paths = contract["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, told)| (method.to_uppercase(), path, told))
    })
}

fn with_an_id(path: &str) -> String {
    path.replace("{id}", &"0".repeat(64))
}

#[tokio::test]
async fn every_promised_route_is_told_of() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    let told: BTreeSet<_> = operations(&contract)
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(told, PROMISED.map(str::to_owned).into());
}

#[tokio::test]
async fn every_route_that_is_told_of_is_served_and_other_methods_are_not() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    for (method, path, _) in operations(&contract) {
        let path = with_an_id(path);
        let other = client::send(server.address, "PATCH", &path, &[], "".into()).await;
        other.problem(405);
        let allowed = other.header("allow");
        assert!(
            allowed.split(',').any(|it| it == method),
            "{method} {path}: {allowed}"
        );
    }
}

#[tokio::test]
async fn a_route_asks_for_a_credential_exactly_where_it_says_so() {
    let server = Server::guarded(&guarded()).await;
    let contract = contract(&server).await;
    for (method, path, told) in operations(&contract) {
        let asks = !told["security"].as_array().unwrap().is_empty();
        let path = with_an_id(path);
        let answer = client::send(server.address, &method, &path, &[], "".into()).await;
        assert_eq!(answer.status == 401, asks, "{method} {path}: {answer:?}");
        assert_eq!(
            told["responses"]["401"].is_object(),
            asks,
            "{method} {path}"
        );
    }
    let security = &contract["paths"]["/image/{id}"]["get"]["security"];
    assert_eq!(security[0], json!({ "bearer": ["read"] }));
    assert_eq!(security[2].as_object().unwrap().len(), 3, "a signed link");
}

#[tokio::test]
async fn an_open_server_asks_for_no_credential() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    assert!(contract["components"]["securitySchemes"].is_null());
    for (method, path, told) in operations(&contract) {
        assert!(told["security"].is_null(), "{method} {path}");
        assert!(told["responses"]["401"].is_null(), "{method} {path}");
    }
}

#[tokio::test]
async fn the_form_has_every_field_that_is_read_and_no_other() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    let body = &contract["paths"]["/upload"]["post"]["requestBody"];
    let form = &body["content"]["multipart/form-data"]["schema"];
    let told: BTreeSet<_> = form["properties"].as_object().unwrap().keys().collect();
    let more = ["image", "wm_logo", "webhook_url"];
    let read: Vec<_> = schemas::recipe::FIELDS
        .into_iter()
        .chain(more)
        .map(str::to_owned)
        .collect();
    assert_eq!(told, read.iter().collect());
    assert_eq!(form["required"], json!(["image"]));
    assert_eq!(form["additionalProperties"], false);
}

#[tokio::test]
async fn limits_are_those_in_force() {
    let server = Server::with(|config| config.image_bytes_max = 12_345).await;
    let contract = contract(&server).await;
    let upload = &contract["paths"]["/upload"]["post"];
    let too_large = &upload["responses"]["413"]["content"]["application/problem+json"];
    assert_eq!(too_large["examples"]["too_large"]["value"]["limit"], 12_345);
    let form = &upload["requestBody"]["content"]["multipart/form-data"]["schema"];
    let image = form["properties"]["image"]["description"].as_str().unwrap();
    assert!(image.contains("12345"), "{image}");
    let limits = &contract["paths"]["/limits"]["get"]["responses"]["200"]["content"];
    assert_eq!(
        limits["application/json"]["example"]["imageBytesMax"],
        12_345
    );
}

#[tokio::test]
async fn every_example_meets_its_schema() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    let bodies = operations(&contract).flat_map(|(method, path, told)| {
        let answers = told["responses"].as_object().unwrap().values();
        let bodies = answers.flat_map(|answer| answer["content"].as_object());
        bodies
            .flatten()
            .map(move |(_, body)| (format!("{method} {path}"), body))
    });
    let mut checked = 0;
    for (name, body) in bodies {
        let named = body["examples"].as_object().into_iter().flatten();
        let values = named.map(|(_, example)| &example["value"]);
        for example in values.chain(body.get("example")) {
            assert_eq!(
                violations(&contract, &body["schema"], example),
                [""; 0],
                "{name}: {example}"
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

/// What `schema`, a part of `contract`, says against `value`.
fn violations(contract: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut schema = schema.clone();
    schema["components"] = contract["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect()
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    let references = references(&contract);
    assert!(references.contains(&"#/components/schemas/Problem"));
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(contract.pointer(pointer).is_some(), "{reference}");
    }
}

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

#[tokio::test]
async fn every_link_leads_to_an_operation_that_has_its_parameter() {
    let server = Server::start().await;
    let contract = contract(&server).await;
    let find = |id: &Value| operations(&contract).find(|(_, _, told)| told["operationId"] == *id);
    let links = operations(&contract).flat_map(|(_, _, told)| {
        let answers = told["responses"].as_object().unwrap().values();
        answers
            .filter_map(|answer| answer["links"].as_object())
            .flatten()
    });
    let mut followed = 0;
    for (name, link) in links {
        let (_, _, told) = find(&link["operationId"]).unwrap();
        let parameters = told["parameters"].as_array().unwrap();
        for parameter in link["parameters"].as_object().unwrap().keys() {
            assert!(
                parameters.iter().any(|it| it["name"] == **parameter),
                "{name}"
            );
        }
        followed += 1;
    }
    assert!(followed > 10, "{followed}");
}

#[tokio::test]
async fn it_is_packed_and_not_sent_again_to_who_has_it() {
    let server = Server::start().await;
    let gzip = ("accept-encoding", "gzip");
    let packed = server.get("/openapi.json", &[gzip]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < 20_000, "{}", packed.body.len());
    let known = [gzip, ("if-none-match", packed.header("etag"))];
    let again = server.get("/openapi.json", &known).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[tokio::test]
async fn the_page_says_where_it_is() {
    let server = Server::start().await;
    let page = server.get("/", &[]).await;
    let link = page.header("link");
    assert!(
        link.contains("</openapi.json>; rel=\"service-desc\""),
        "{link}"
    );
    assert!(link.contains("</docs>; rel=\"service-doc\""), "{link}");
}
