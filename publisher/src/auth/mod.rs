//! Who may do what.
//!
//! Read in this order: [`caller`], who asks and what they may do; `need`, what each route asks of them; `credential`, what a
//! request brings along; `keys`, `token` with `public_key` and `jwks`, and `links`, the three kinds that are believed; `trust`,
//! which of them are just now, and `files`, where that stands; `denied`, why one is not, and `strangers`, what that costs them;
//! `cors`, which pages may ask; `privately`, what caches may keep; [`config`].
//!
//! Without settings nobody has to say who they are, and everybody may do everything: `nws` listens on loopback alone then.
//! A browser there may still be led by a page of somebody else, so `hosts` looks at the name that it came by and `site` at
//! the page that it comes from.

pub(crate) mod caller;
mod config;
mod cors;
mod credential;
pub(crate) mod denied;
mod files;
mod hosts;
mod jwks;
mod keys;
mod links;
mod need;
mod privately;
mod public_key;
mod site;
mod strangers;
mod token;
mod trust;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use backends::{Metrics, clock::now_ms};
use http::{HeaderValue, request::Parts};
use http_body::Body as _;
use tracing::Span;

pub(crate) use caller::Caller;
pub use caller::{Scope, Scopes, UnknownScope};
pub use config::{Config, ConfigError};
pub(crate) use denied::Denied;
use hosts::Hosts;
pub use keys::{Entry, EntryError, NewKey};
use links::Links;
pub use links::new_link_key;
pub(crate) use need::Need;
pub(crate) use strangers::Strangers;
use trust::Trust;

use self::config::invalid;
use crate::{error::ApiError, server::close_after};

/// Who is let in.
#[derive(Debug)]
pub struct Access {
    guarded: bool,
    trust: Trust,
    links: Links,
    cors_origins: Vec<HeaderValue>,
    /// Under which names it answers. `None`: under any.
    hosts: Option<Hosts>,
}

/// Somebody who was let in.
struct Admitted {
    caller: Caller,
    /// Whether that took a credential.
    privately: bool,
    /// How long what opened the door is good still, where it says so.
    left: Option<Duration>,
}

impl Access {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// The first setting that cannot be meant, or whose file cannot be read.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            guarded: config.is_guarded(),
            trust: Trust::open(config)?,
            links: Links::new(&config.link_keys, config.link_age_secs)
                .map_err(|error| invalid("link_keys", error))?,
            cors_origins: cors::origins(&config.cors_origins)
                .map_err(|error| invalid("cors_origins", error))?,
            hosts: hosts(config)?,
        })
    }

    /// The same under whatever name it is asked, where something else keeps strangers out.
    #[must_use]
    pub fn under_any_name(self) -> Self {
        let hosts = None;
        Self { hosts, ..self }
    }

    /// Whether anybody has to say who they are.
    pub(crate) const fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// Keeps fresh what it believes, for as long as it is polled.
    pub(crate) async fn refresh(&self) {
        self.trust.refresh().await;
    }

    /// The address of an image for whoever is told of it: signed where one has to be let in to see it.
    pub(crate) fn link(&self, path: String) -> String {
        self.link_of(path, now_ms() / 1000)
    }

    /// The same as it was then: what is told again says the same again.
    pub(crate) fn link_of(&self, path: String, then_secs: u64) -> String {
        let signed = self.links.sign(&path, then_secs);
        signed.filter(|_| self.guarded).unwrap_or(path)
    }

    async fn admit(&self, request: &Parts) -> Result<Admitted, Denied> {
        let route = request.extensions.get::<MatchedPath>();
        let need = Need::of(&request.method, route.map(MatchedPath::as_str));
        if !self.guarded {
            self.check_visitor(need, request)?;
            return Ok(Admitted::openly(Scopes::ALL));
        }
        let scope = match need {
            Need::NotEvenAName | Need::Nothing => return Ok(Admitted::openly(Scopes::NONE)),
            Need::Scope(scope) => scope,
            Need::ReadOrLink => Scope::Read,
        };
        let asked = self.caller(request).await;
        match (asked, self.came_by_link(need, request)) {
            (Ok(Some(caller)), _) if caller.scopes().hold(scope) => {
                Ok(Admitted::privately(caller, None))
            }
            (asked, Some(Ok(left))) => Ok(Admitted::by_link(asked, left)),
            (Err(denied), _) | (Ok(None), Some(Err(denied))) => Err(denied),
            (Ok(Some(_)), _) => Err(Denied::Scope(scope)),
            (Ok(None), None) => Err(Denied::Missing),
        }
    }

    /// Who brings the credential, if there is one.
    async fn caller(&self, request: &Parts) -> Result<Option<Caller>, Denied> {
        match credential::presented(&request.headers)? {
            Some(credential) => self.trust.caller(credential).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether it may be a browser that a stranger's page leads.
    fn check_visitor(&self, need: Need, request: &Parts) -> Result<(), Denied> {
        match &self.hosts {
            Some(hosts) if need != Need::NotEvenAName => hosts.check(request)?,
            _ => {}
        }
        site::check(request, &self.cors_origins)
    }

    /// How long the link is good still by which it came, where links open anything.
    fn came_by_link(&self, need: Need, request: &Parts) -> Option<Result<Duration, Denied>> {
        match need {
            Need::ReadOrLink => self.links.check(&request.uri, now_ms() / 1000),
            Need::NotEvenAName | Need::Nothing | Need::Scope(_) => None,
        }
    }
}

impl Default for Access {
    /// Everybody is let in.
    fn default() -> Self {
        Self::open(&Config::default()).expect("the defaults can be meant, and name no file")
    }
}

impl Admitted {
    const fn openly(scopes: Scopes) -> Self {
        Self {
            caller: Caller::anonymous(scopes),
            privately: false,
            left: None,
        }
    }

    /// A link opens for whoever has it, whatever else came along. Somebody whose credential is good is counted as themselves.
    fn by_link(asked: Result<Option<Caller>, Denied>, left: Duration) -> Self {
        let known = asked.ok().flatten();
        let caller = known.unwrap_or(Caller::anonymous(Scopes::NONE));
        Self::privately(caller, Some(left))
    }

    const fn privately(caller: Caller, left: Option<Duration>) -> Self {
        Self {
            caller,
            privately: true,
            left,
        }
    }
}

/// The same routes, for whom `access` lets in. Pages of other origins are told what they may before anybody is asked who they
/// are, because a browser asks that without a credential.
pub(crate) fn guarded(
    routes: Router,
    access: &Arc<Access>,
    strangers: Arc<Strangers>,
    metrics: &Metrics,
) -> Router {
    let state = (Arc::clone(access), metrics.clone());
    let routes = routes
        .layer(from_fn_with_state(state, let_in))
        .layer(from_fn_with_state(strangers, strangers::counted));
    cors::told_to(access.cors_origins.clone(), routes)
}

async fn let_in(
    State((access, metrics)): State<(Arc<Access>, Metrics)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match access.admit(&parts).await {
        Ok(admitted) => {
            let believed = admitted.caller.name().map(|name| {
                Span::current().record("caller", name);
                strangers::Believed
            });
            parts.extensions.insert(admitted.caller);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(believed) = believed {
                response.extensions_mut().insert(believed);
            }
            if admitted.privately {
                privately::keep(response.headers_mut(), admitted.left);
            }
            response
        }
        Err(denied) => refused(denied, &metrics, body.is_end_stream()),
    }
}

fn refused(denied: Denied, metrics: &Metrics, is_read: bool) -> Response {
    let (_, reason, _) = denied.kind();
    metrics.auth_refusals.with_label_values(&[reason]).inc();
    let mut response = ApiError::from(denied).into_response();
    if !is_read {
        close_after(response.headers_mut());
    }
    response
}

/// Where a credential is needed, a page that came by another name has none.
fn hosts(config: &Config) -> Result<Option<Hosts>, ConfigError> {
    let hosts = Hosts::parse(&config.allowed_hosts);
    let hosts = hosts.map_err(|error| invalid("allowed_hosts", error))?;
    Ok((!config.is_guarded()).then_some(hosts))
}
