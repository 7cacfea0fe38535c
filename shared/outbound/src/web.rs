//! The port that sign-in at identity providers asks by.

use http::HeaderValue;
use smart_core::external::{Answering, Published, Web, WebAnswer, WebError};

use crate::fetch::{FetchError, Outbound};

impl Web for Outbound {
    fn get_json<'a>(&'a self, url: &'a str) -> Answering<'a, Published> {
        Box::pin(async move {
            let answer = self.get_json(url).await.map_err(none)?;
            Ok(Published { body: answer.body, max_age: answer.max_age })
        })
    }

    fn post_form<'a>(
        &'a self,
        url: &'a str,
        form: &'a [(&'static str, String)],
        authorization: Option<&'a str>,
    ) -> Answering<'a, WebAnswer> {
        Box::pin(async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let header = authorization.map(HeaderValue::from_str).transpose();
            let header = header.map_err(|_| WebError("the client secret is no header".to_owned()))?;
            let answer = self.post_form(url, &form, header).await.map_err(none)?;
            Ok(WebAnswer { status: answer.status.as_u16(), body: answer.body })
        })
    }
}

fn none(error: FetchError) -> WebError {
    WebError(error.to_string())
}
