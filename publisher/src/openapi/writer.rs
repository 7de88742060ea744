//! What descriptions draw from: the schemas of our types, and the settings in force.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::app::App;

/// Collects the schemas that descriptions name.
pub(crate) struct Writer<'a> {
    pub(super) app: &'a App,
    schemas: SchemaGenerator,
}

impl<'a> Writer<'a> {
    /// OpenAPI 3.1 takes JSON Schema 2020-12 as it is.
    pub(super) fn new(app: &'a App) -> Self {
        let place = |settings: &mut SchemaSettings| {
            settings.definitions_path = "/components/schemas".into();
        };
        let settings = SchemaSettings::draft2020_12().for_serialize().with(place);
        Self {
            app,
            schemas: settings.into_generator(),
        }
    }

    /// The schema of what is sent as a `T`.
    pub(super) fn schema<T: JsonSchema>(&mut self) -> Value {
        self.schemas.subschema_for::<T>().to_value()
    }

    /// Every schema that was named.
    pub(super) fn into_schemas(mut self) -> Map<String, Value> {
        self.schemas.take_definitions(true)
    }
}
