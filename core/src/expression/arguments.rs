//! The arguments of filters.

use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::convert::{defined, kind};

/// The arguments of a filter, which users give in order or by name.
pub(super) struct Arguments(Vec<(&'static str, Option<Value>)>);

/// Adds a filter with arguments of these names, in this order.
pub(super) fn add_filter<T: Into<Value> + 'static>(
    environment: &mut Environment<'static>,
    name: &'static str,
    names: &'static [&'static str],
    filter: fn(&Value, &Arguments) -> Result<T, Error>,
) {
    environment.add_filter(name, move |value: &Value, given: Rest<Value>, named: Kwargs| {
        filter(value, &Arguments::new(names, &given, &named)?).map(Into::into)
    });
}

impl Arguments {
    /// Reads the arguments of these names, and refuses all others.
    pub(super) fn new(names: &[&'static str], given: &[Value], named: &Kwargs) -> Result<Self, Error> {
        if given.len() > names.len() {
            return Err(Error::new(ErrorKind::TooManyArguments, format!("{} at most", names.len())));
        }
        let argument = |(index, name): (usize, &&'static str)| {
            let value = match given.get(index) {
                Some(value) => Some(value.clone()),
                None => named.get::<Option<Value>>(name)?,
            };
            value.as_ref().map(defined).transpose()?;
            Ok((*name, value))
        };
        let arguments = names.iter().enumerate().map(argument).collect::<Result<_, Error>>()?;
        named.assert_all_used()?;
        Ok(Self(arguments))
    }

    /// Returns the argument of this name, if it was given.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name)?.1.as_ref()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.get(name).filter(|value| !value.is_none()) else { return Ok(None) };
        match value.as_str() {
            Some(text) => Ok(Some(text.to_string())),
            None => Err(bad(format!("`{name}` is text, not {}", kind(value)))),
        }
    }

    pub(super) fn is(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).map_or(otherwise, Value::is_true)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Error> {
        let Some(value) = self.get(name).filter(|value| !value.is_none()) else { return Ok(None) };
        let number = value.as_usize().filter(|number| *number <= 10_000);
        number.map(Some).ok_or_else(|| bad(format!("`{name}` is a whole number from 0 to 10000, not: {value}")))
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
