//! A route, described.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Header},
    security,
    writer::Writer,
};
use crate::{auth::Need, error::ApiError, server::AuthorityError};

/// What the contract is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Photos,
    Jobs,
    Fleet,
    DeadLetters,
    Contract,
}

/// A route, described.
pub(crate) struct Operation {
    id: &'static str,
    tag: Tag,
    summary: &'static str,
    description: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Answer>,
    refusals: Vec<ApiError>,
    always: Vec<Header>,
    /// Whether `HEAD` is told of by itself.
    head: Option<&'static str>,
}

impl Tag {
    pub(super) const ALL: [Self; 5] = [
        Self::Photos,
        Self::Jobs,
        Self::Fleet,
        Self::DeadLetters,
        Self::Contract,
    ];

    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Photos => ("Photos", "A photo in, a marked one out."),
            Self::Jobs => (
                "Jobs",
                "Where they stand: asked once, or followed to the end.",
            ),
            Self::Fleet => ("Fleet", "How the service is doing, and what it takes."),
            Self::DeadLetters => (
                "Dead letters",
                "Jobs that nobody works on any more, for operators.",
            ),
            Self::Contract => ("Contract", "This description."),
        }
    }
}

impl Operation {
    pub(super) fn new(tag: Tag, id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            refusals: Vec::new(),
            always: vec![Header::RequestId],
            head: None,
        }
    }

    pub(super) fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    pub(super) fn parameters(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn answers(mut self, answer: Answer) -> Self {
        self.answers.insert(answer.status.as_u16(), answer);
        self
    }

    /// Why it may be refused, each with words that would be said.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// A client's requests of this kind are counted, and it is told how many are left.
    pub(super) fn limited(mut self, too_many: ApiError) -> Self {
        self.always
            .extend([Header::RateLimit, Header::RateLimitPolicy]);
        self.refuses([too_many])
    }

    pub(super) fn with_head(mut self, id: &'static str) -> Self {
        self.head = Some(id);
        self
    }

    /// Adds it to `path`, under its method.
    pub(super) fn write(
        mut self,
        method: &Method,
        need: Need,
        writer: &mut Writer<'_>,
        path: &mut Map<String, Value>,
    ) {
        let guarded = writer.app.access.is_guarded();
        self.refusals.push(AuthorityError::Missing.into());
        self.refusals
            .extend(security::of_visitors(method, need, guarded));
        if guarded {
            self.refusals.extend(security::refusals(need));
        }
        let head = self.head;
        let mut told = self.into_value(writer);
        if guarded {
            told["security"] = security::requirements(need);
        }
        if let Some(id) = head {
            path.insert("head".to_owned(), as_head(&told, id));
        }
        path.insert(method.as_str().to_ascii_lowercase(), told);
    }

    fn into_value(self, writer: &mut Writer<'_>) -> Value {
        let problem = writer.schema::<crate::error::Problem>();
        let answers = self.answers.into_iter();
        let mut answers: Map<String, Value> = answers
            .map(|(status, answer)| (status.to_string(), answer.into_value(&self.always)))
            .collect();
        for (status, refusals) in by_status(&self.refusals) {
            let refused = refused(status, &refusals, &problem, &self.always);
            answers.insert(status.as_str().to_owned(), refused);
        }
        let (tag, _) = self.tag.told();
        let mut told = json!({
            "operationId": self.id,
            "tags": [tag],
            "summary": self.summary,
            "description": self.description,
            "parameters": self.parameters,
            "responses": answers,
        });
        if let Some(body) = self.body {
            told["requestBody"] = body;
        }
        told
    }
}

/// The same without bodies: what a `GET` would be told.
fn as_head(get: &Value, id: &str) -> Value {
    let mut head = get.clone();
    head["operationId"] = id.into();
    let summary = get["summary"].as_str().unwrap_or_default();
    head["summary"] = format!("{summary} (headers only)").into();
    let answers = head["responses"].as_object_mut().into_iter().flatten();
    for (_, answer) in answers {
        if let Some(answer) = answer.as_object_mut() {
            answer.remove("content");
        }
    }
    head
}

fn by_status(refusals: &[ApiError]) -> BTreeMap<StatusCode, Vec<&ApiError>> {
    let mut by_status = BTreeMap::<_, Vec<_>>::new();
    for refusal in refusals {
        by_status.entry(refusal.status()).or_default().push(refusal);
    }
    by_status
}

/// A status with every reason for it.
fn refused(
    status: StatusCode,
    refusals: &[&ApiError],
    problem: &Value,
    always: &[Header],
) -> Value {
    let mut examples = Map::new();
    for refusal in refusals {
        let (_, word, title) = refusal.kind();
        let example = json!({ "summary": title, "value": refusal.problem() });
        examples.entry(word).or_insert(example);
    }
    let titles: Vec<_> = examples
        .values()
        .filter_map(|it| it["summary"].as_str())
        .collect();
    let description = format!("{}.", titles.join("; "));
    let more: &[Header] = match status {
        StatusCode::UNAUTHORIZED => &[Header::WwwAuthenticate],
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => &[Header::RetryAfter],
        _ => &[],
    };
    json!({
        "description": description,
        "headers": Header::references(more.iter().chain(always)),
        "content": { "application/problem+json": { "schema": problem, "examples": examples } },
    })
}
