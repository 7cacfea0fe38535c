//! The port that sign-in at identity providers asks by.

use http::HeaderValue;
use smart_core::external::{Answering, Web, WebAnswer, WebError};

use crate::fetch::{Answer, FetchError, Outbound};

impl Web for Outbound {
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a> {
        Box::pin(async move { answered(self.get_json(url).await) })
    }

    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a> {
        Box::pin(async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let header = authorization.map(HeaderValue::from_str).transpose();
            let header = header.map_err(|_| WebError("the client secret is no header".to_owned()))?;
            answered(self.post_form(url, &form, header).await)
        })
    }
}

fn answered(fetched: Result<Answer, FetchError>) -> Result<WebAnswer, WebError> {
    let answer = fetched.map_err(|error| WebError(error.to_string()))?;
    Ok(WebAnswer { status: answer.status.as_u16(), body: answer.body })
}
