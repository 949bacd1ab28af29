//! What may be varied about a workload, and what did the user ask for?
//!
//! Written `name[:first[:key=value…]]`, for instance `echo:64` or `sha256:16384:offload=true`. Cells
//! print it the same way, shortened to what differs from the defaults, so that what is printed can be
//! asked for again.

use crate::Profile;
use std::collections::BTreeMap;

/// A workload's parameters, complete: every one that the profile lists, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    values: Vec<(&'static str, String)>,
    defaults: &'static [(&'static str, &'static str)],
}

/// Why parameters were refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A name that the workload does not have.
    #[error("workload '{workload}' has no parameter '{name}' (it has: {known})")]
    Unknown {
        /// The workload.
        workload: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A value that does not fit.
    #[error("parameter {name} = '{value}' is not {wanted}")]
    Range {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would fit.
        wanted: String,
    },
}

impl Parameters {
    /// Reads what stands behind the workload's name, split at colons.
    ///
    /// # Errors
    /// A parameter that the workload does not have.
    pub fn parse<'a>(
        profile: &Profile,
        parts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, ParameterError> {
        let mut values: Vec<(&'static str, String)> =
            profile.parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for (at, part) in parts.enumerate() {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, value),
                None if at == 0 => (values.first().map_or(part, |first| first.0), part),
                None => (part, ""),
            };
            let Some(slot) = values.iter_mut().find(|slot| slot.0 == name) else {
                let known: Vec<&str> = profile.parameters.iter().map(|known| known.0).collect();
                return Err(ParameterError::Unknown {
                    workload: profile.name,
                    name: name.to_owned(),
                    known: if known.is_empty() { "none".into() } else { known.join(", ") },
                });
            };
            value.clone_into(&mut slot.1);
        }
        Ok(Self { values, defaults: profile.parameters })
    }

    /// The text of one parameter. The name must be one that the profile lists.
    fn text(&self, name: &str) -> (&'static str, &str) {
        let slot = self.values.iter().find(|slot| slot.0 == name);
        let slot = slot.unwrap_or_else(|| panic!("the profile lists no parameter '{name}'"));
        (slot.0, &slot.1)
    }

    /// A whole number from `low` to `high`.
    ///
    /// # Errors
    /// Anything else.
    pub fn number(&self, name: &str, low: u64, high: u64) -> Result<u64, ParameterError> {
        let (name, text) = self.text(name);
        text.parse().ok().filter(|value| (low..=high).contains(value)).ok_or_else(|| {
            ParameterError::Range {
                name,
                value: text.to_owned(),
                wanted: format!("a whole number from {low} to {high}"),
            }
        })
    }

    /// A whole number from `low` to `high`, or the `word` that stands for none.
    ///
    /// # Errors
    /// Anything else.
    pub fn number_or(
        &self,
        name: &str,
        word: &str,
        low: u64,
        high: u64,
    ) -> Result<Option<u64>, ParameterError> {
        if self.text(name).1 == word {
            return Ok(None);
        }
        self.number(name, low, high).map(Some).map_err(|error| match error {
            ParameterError::Range { name, value, wanted } => {
                ParameterError::Range { name, value, wanted: format!("'{word}' or {wanted}") }
            }
            other => other,
        })
    }

    /// The same with another value for one of them. The name must be one that the profile lists.
    #[must_use]
    pub fn with(&self, name: &str, value: impl ToString) -> Self {
        let mut changed = self.clone();
        let slot = changed.values.iter_mut().find(|slot| slot.0 == name);
        slot.unwrap_or_else(|| panic!("the profile lists no parameter '{name}'")).1 =
            value.to_string();
        changed
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Anything else.
    pub fn flag(&self, name: &str) -> Result<bool, ParameterError> {
        let (name, text) = self.text(name);
        text.parse().map_err(|_| ParameterError::Range {
            name,
            value: text.to_owned(),
            wanted: "true or false".into(),
        })
    }

    /// As cells print it: the first value, then what differs from the defaults; empty without parameters.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = String::new();
        for (at, ((name, value), (_, default))) in self.values.iter().zip(self.defaults).enumerate()
        {
            if at == 0 {
                label.push_str(value);
            } else if value != default {
                label.push_str(&format!(":{name}={value}"));
            }
        }
        label
    }

    /// All of them by name.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Measure, Shape};

    const PROFILE: Profile = Profile {
        name: "toy",
        question: "Does it parse?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        parameters: &[("bytes", "64"), ("offload", "false")],
        actors: 1,
        figures: &[],
    };

    fn parse(text: &str) -> Result<Parameters, ParameterError> {
        Parameters::parse(&PROFILE, text.split(':').skip(1))
    }

    #[test]
    fn what_is_printed_can_be_asked_for_again() {
        for (asked, printed) in [
            ("toy", "64"),
            ("toy:128", "128"),
            ("toy:bytes=128", "128"),
            ("toy:128:offload=true", "128:offload=true"),
            ("toy:offload=true", "64:offload=true"),
        ] {
            let parameters = parse(asked).unwrap();
            assert_eq!(parameters.label(), printed);
            assert_eq!(parse(&format!("toy:{printed}")).unwrap(), parameters);
        }
    }

    #[test]
    fn a_word_stands_for_no_number_and_a_value_can_be_put_in_its_place() {
        let parameters = parse("toy:some").unwrap();
        assert_eq!(parameters.number_or("bytes", "some", 1, 9).unwrap(), None);
        let filled = parameters.with("bytes", 7);
        assert_eq!(filled.number_or("bytes", "some", 1, 9).unwrap(), Some(7));
        assert_eq!(filled.label(), "7");
        assert_eq!(
            parameters.number_or("bytes", "any", 1, 9).unwrap_err().to_string(),
            "parameter bytes = 'some' is not 'any' or a whole number from 1 to 9"
        );
    }

    #[test]
    fn refusals_name_the_value_and_what_would_fit() {
        assert_eq!(
            parse("toy:64:colour=red").unwrap_err().to_string(),
            "workload 'toy' has no parameter 'colour' (it has: bytes, offload)"
        );
        assert_eq!(
            parse("toy:0").unwrap().number("bytes", 1, 9).unwrap_err().to_string(),
            "parameter bytes = '0' is not a whole number from 1 to 9"
        );
        assert_eq!(
            parse("toy:1:offload=yes").unwrap().flag("offload").unwrap_err().to_string(),
            "parameter offload = 'yes' is not true or false"
        );
    }
}
