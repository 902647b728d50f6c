//! The arguments of filters.

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};

use super::convert::{defined, kind};

/// The arguments of a filter, which users give in order or by name.
pub(super) struct Arguments<'a> {
    pub(super) given: &'a [Value],
    pub(super) named: &'a Kwargs,
}

impl Arguments<'_> {
    /// Returns the argument at this place and of this name.
    pub(super) fn get(&self, index: usize, name: &str) -> Result<Option<Value>, Error> {
        let value = match self.given.get(index) {
            Some(value) => Some(value.clone()),
            None => self.named.get::<Option<Value>>(name)?,
        };
        value.as_ref().map(defined).transpose()?;
        Ok(value)
    }

    pub(super) fn text(&self, index: usize, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.get(index, name)?.filter(|value| !value.is_none()) else { return Ok(None) };
        match value.as_str() {
            Some(text) => Ok(Some(text.to_string())),
            None => Err(bad(format!("`{name}` is text, not {}", kind(&value)))),
        }
    }

    pub(super) fn is(&self, index: usize, name: &str, otherwise: bool) -> Result<bool, Error> {
        Ok(self.get(index, name)?.map_or(otherwise, |value| value.is_true()))
    }

    pub(super) fn number(&self, index: usize, name: &str) -> Result<Option<usize>, Error> {
        let Some(value) = self.get(index, name)?.filter(|value| !value.is_none()) else { return Ok(None) };
        let number = value.as_usize().filter(|number| *number <= 10_000);
        number.map(Some).ok_or_else(|| bad(format!("`{name}` is a whole number from 0 to 10000, not: {value}")))
    }

    /// Refuses arguments that the filter does not have.
    pub(super) fn end(&self, most: usize) -> Result<(), Error> {
        if self.given.len() > most {
            return Err(Error::new(ErrorKind::TooManyArguments, format!("{most} at most")));
        }
        self.named.assert_all_used()
    }
}

pub(super) fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

pub(super) fn missing(name: &str) -> Error {
    Error::new(ErrorKind::MissingArgument, format!("`{name}`"))
}

/// Filters text; what is not text stays as it is.
pub(super) fn on_text(value: &Value, filter: impl FnOnce(&str) -> Value) -> Result<Value, Error> {
    let value = defined(value)?;
    Ok(value.as_str().map_or_else(|| value.clone(), filter))
}
