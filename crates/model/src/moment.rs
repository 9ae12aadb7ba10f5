//! Moments as the journal and the open entries hold them: nanoseconds since 1970 in one number, from 1677 to 2262; what
//! lies beyond stands at that end. Where people read it, as text.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment for one field of a record.
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        let nanoseconds = self.0.as_nanosecond();
        let end = if nanoseconds < 0 { i64::MIN } else { i64::MAX };
        serializer.serialize_i64(i64::try_from(nanoseconds).unwrap_or(end))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Timestamp::deserialize(deserializer).map(Self);
        }
        let nanoseconds = i64::deserialize(deserializer)?;
        Timestamp::from_nanosecond(nanoseconds.into()).map(Self).map_err(serde::de::Error::custom)
    }
}

pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    Moment(*moment).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Moment::deserialize(deserializer).map(|moment| moment.0)
}

/// A moment or none.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Moment, Serialize, Serializer, Timestamp};

    pub(crate) fn serialize<S: Serializer>(
        moment: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(Moment).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Option::<Moment>::deserialize(deserializer).map(|moment| moment.map(|moment| moment.0))
    }
}

/// Several moments.
pub(crate) mod list {
    use super::{Deserialize, Deserializer, Moment, Serializer, Timestamp};

    pub(crate) fn serialize<S: Serializer>(moments: &[Timestamp], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(moments.iter().copied().map(Moment))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Timestamp>, D::Error> {
        let moments = Vec::<Moment>::deserialize(deserializer)?;
        Ok(moments.into_iter().map(|moment| moment.0).collect())
    }
}
