//! JSON Schemas of values whose rules a derive cannot know.

/// A type's schema, beside its code.
macro_rules! schema {
    ($($type:ident: $schema:tt)*) => {$(
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    )*};
}

pub(super) use schema;
