//! Routes, each registered with its description: none can be served and left out, or described and not there.

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    response::IntoResponse,
    routing::{MethodRouter, Route, delete, get, post},
};
use http::Method;
use tower::{Layer, Service};

use super::{operation::Operation, writer::Writer};

/// Describes a route.
pub(super) type Describe = fn(&mut Writer<'_>) -> Operation;

/// Routes and what is said of them.
pub(crate) struct Routes<S = ()> {
    router: Router<S>,
    described: Vec<Described>,
}

/// A route's description.
#[derive(Clone, Copy)]
pub(super) struct Described {
    pub(super) method: &'static Method,
    pub(super) path: &'static str,
    pub(super) describe: Describe,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            described: Vec::new(),
        }
    }

    /// `HEAD` is answered too, as `GET` without its body.
    pub(crate) fn get<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(&Method::GET, path, get(handler), describe)
    }

    pub(crate) fn post<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(&Method::POST, path, post(handler), describe)
    }

    pub(crate) fn delete<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(&Method::DELETE, path, delete(handler), describe)
    }

    fn with(
        mut self,
        method: &'static Method,
        path: &'static str,
        route: MethodRouter<S>,
        describe: Describe,
    ) -> Self {
        self.described.push(Described {
            method,
            path,
            describe,
        });
        self.router = self.router.route(path, route);
        self
    }

    /// Files of a page, which a browser loads and no program is written against.
    pub(crate) fn files<H, T>(mut self, path: &str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.router = self.router.route(path, get(handler));
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.described.extend(other.described);
        self.router = self.router.merge(other.router);
        self
    }

    /// A layer around the routes so far.
    pub(crate) fn route_layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.route_layer(layer);
        self
    }

    pub(crate) fn with_state<O>(self, state: S) -> Routes<O> {
        Routes {
            router: self.router.with_state(state),
            described: self.described,
        }
    }

    pub(super) fn described(&self) -> &[Described] {
        &self.described
    }

    pub(crate) fn into_router(self) -> Router<S> {
        self.router
    }
}
