//! What is left of a trial's distributions when its recording is packed?
//!
//! The histograms of all counted slices, merged; of a sweep, merged at each rate. Nothing that is estimated over
//! blocks changes by that, since a block's distribution is this merged one anyway. What single slices carry beside
//! their histograms stays as it was. Lost are the distributions of single slices, and of those that were set aside.
//! Read next: [`crate::pack`].

use crate::{
    histogram,
    record::{BeyondRecord, SliceRecord},
};
use serde::{Deserialize, Serialize};

/// The distributions of a packed trial, over its counted slices of one rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MergedRecord {
    /// The rate of these slices; `null` under closed load.
    pub rate_per_sec: Option<u32>,
    /// What the slices' own histograms held.
    pub times: MergedTimesRecord,
    /// What only open slices have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<MergedOpenRecord>,
}

/// The further distributions of open slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MergedOpenRecord {
    /// From the sending to the answer.
    pub service: MergedTimesRecord,
    /// From the intended time until a connection was free.
    pub wait: MergedTimesRecord,
    /// From ready to sent.
    pub lag: MergedTimesRecord,
}

/// One merged distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MergedTimesRecord {
    /// What the histogram holds.
    pub recorded: u64,
    /// Base64 of the HdrHistogram V2 format.
    pub histogram: String,
    /// The CRC-32 (IEEE) of that text, and of that of `beyond` behind it.
    pub histogram_crc: u32,
    /// Requests without this time; `null` when all have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<BeyondRecord>,
}

impl MergedRecord {
    /// Whether no histogram was changed after it was written.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        let open = self.open.iter().flat_map(|open| [&open.service, &open.wait, &open.lag]);
        open.chain([&self.times]).all(|times| times.histogram_crc == times.checksum())
    }
}

impl MergedTimesRecord {
    /// What `histogram_crc` must be.
    pub(crate) fn checksum(&self) -> u32 {
        let beyond = self.beyond.as_ref().map_or("", |beyond| beyond.histogram.as_str());
        histogram::checksum(&format!("{}{beyond}", self.histogram))
    }
}

impl SliceRecord {
    /// Takes its histograms out, and leaves what it says beside them.
    pub(crate) fn drop_histograms(&mut self) {
        self.histogram = String::new();
        let Some(open) = &mut self.open else { return };
        let parts = [&mut open.service, &mut open.wait, &mut open.lag];
        for part in parts {
            part.histogram = String::new();
            part.beyond.iter_mut().for_each(|beyond| beyond.histogram = String::new());
        }
        open.beyond.iter_mut().for_each(|beyond| beyond.histogram = String::new());
    }

    /// The rate that was asked for; `None` under closed load.
    #[must_use]
    pub fn rate_per_sec(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.rate_per_sec)
    }
}
