//! The descriptions of all routes, as one document.

use serde_json::{Map, Value, json};

use super::{answer::Header, operation::Tag, routes::Routes, security, writer::Writer};
use crate::{app::App, auth::Need};

const ABOUT: &str = "\
Takes photos, watermarks and optimises them, and tells what became of each.

1. `POST /upload` a photo with the fields of its mark. The answer names a job.
2. Follow the job: `GET /status/{id}`, its event stream, or `GET /events` for many. `Prefer: wait=N` spares both.
3. Fetch the result: `GET /image/{id}`.

The same photo with the same fields is the same job, so a request may be sent again at any time. Refusals are \
`application/problem+json` (RFC 9457) and name the field, what was measured and what is allowed. `HEAD` is answered wherever \
`GET` is. Text is packed for who sends `Accept-Encoding`. A request may bring its own `X-Request-Id`, which is in our log.";

/// What is said where nobody has to say who they are.
const OPEN: &str = "\n\nThis server asks nobody who they are.";

/// The contract of `routes`.
pub(crate) fn document(routes: &Routes, app: &App) -> Value {
    let mut writer = Writer::new(app);
    let paths = paths(routes, &mut writer);
    let mut components = json!({
        "headers": Header::components(),
        "schemas": writer.into_schemas(),
    });
    let mut about = ABOUT.to_owned();
    if app.access.is_guarded() {
        components["securitySchemes"] = security::schemes();
    } else {
        about.push_str(OPEN);
    }
    json!({
        "openapi": "3.1.1",
        "info": info(&about),
        "servers": [{ "url": "/" }],
        "tags": Tag::ALL.map(tag),
        "paths": paths,
        "components": components,
    })
}

fn paths(routes: &Routes, writer: &mut Writer<'_>) -> Map<String, Value> {
    let mut paths = Map::<String, Value>::new();
    for route in routes.described() {
        let operation = (route.describe)(writer);
        let need = Need::of(route.method, Some(route.path));
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        let path = path.as_object_mut().expect("it was made an object");
        operation.write(route.method, need, writer, path);
    }
    paths
}

fn info(about: &str) -> Value {
    json!({
        "title": "NWS Watermark",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Photos in, watermarked photos out",
        "description": about,
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    })
}

fn tag(tag: Tag) -> Value {
    let (name, description) = tag.told();
    json!({ "name": name, "description": description })
}
