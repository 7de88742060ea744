//! What each route asks of its caller, in one table.

use http::Method;

use super::caller::Scope;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing, nor under which name it was found: a probe asks whatever it was told to, and hears of no photo.
    NotEvenAName,
    /// Nothing.
    Nothing,
    /// A credential with this scope.
    Scope(Scope),
    /// A credential that may read, or a signed link.
    ReadOrLink,
}

impl Need {
    /// Whether nobody is asked for a credential.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::NotEvenAName | Self::Nothing)
    }

    /// What the route of this pattern asks. A path that is no route is told so; a route that is not in the table is for
    /// operators, so that one that was forgotten here is closed.
    pub(crate) fn of(method: &Method, route: Option<&str>) -> Self {
        let Some(route) = route else {
            return Self::Nothing;
        };
        match route {
            "/health" | "/ready" => Self::NotEvenAName,
            // An API's description is no secret; who is let in is for the API to say.
            "/openapi.json" | "/docs" | "/docs/{name}" => Self::Nothing,
            "/limits" | "/" | "/favicon.svg" | "/licenses.md" | "/assets/{name}" => Self::Nothing,
            "/upload" => Self::Scope(Scope::Upload),
            "/status/{id}" if method == Method::DELETE => Self::Scope(Scope::Upload),
            "/status/{id}" | "/events" | "/original/{id}" | "/stats" => Self::Scope(Scope::Read),
            "/image/{id}" => Self::ReadOrLink,
            // It tells as much of the fleet as `/stats`. A scraper sends a key of its own; one that could also replay dead
            // letters would be too much for it.
            "/metrics" => Self::Scope(Scope::Read),
            _ => Self::Scope(Scope::Admin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_asks_for_more_than_what_tells() {
        let need = |method: Method, route| Need::of(&method, Some(route));
        assert_eq!(need(Method::GET, "/health"), Need::NotEvenAName);
        assert_eq!(need(Method::POST, "/upload"), Need::Scope(Scope::Upload));
        assert_eq!(need(Method::GET, "/status/{id}"), Need::Scope(Scope::Read));
        assert_eq!(
            need(Method::DELETE, "/status/{id}"),
            Need::Scope(Scope::Upload)
        );
        assert_eq!(need(Method::HEAD, "/image/{id}"), Need::ReadOrLink);
    }

    #[test]
    fn a_route_that_was_forgotten_is_closed() {
        for route in ["/admin/dlq", "/not/in/the/table"] {
            assert_eq!(
                Need::of(&Method::GET, Some(route)),
                Need::Scope(Scope::Admin)
            );
        }
        assert_eq!(Need::of(&Method::GET, None), Need::Nothing);
    }
}
