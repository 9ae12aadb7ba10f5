//! The octets by which the records know a [`Key`].
//!
//! One octet for the kind; service, queue and other plain names behind their length; numbers big-endian so
//! that their order is the octets' order; what belongs to a person only as a keyed hash.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use model::key::TimerSubject;
use model::{Key, ServiceId};
use vault::LookupKey;

use crate::open_entries::ShardNumber;

/// Kinds of keys: never renumbered, they stand on disks.
mod kind {
    pub(super) const META: u8 = 0;
    pub(super) const DOSSIER: u8 = 1;
    pub(super) const QUEUE: u8 = 2;
    pub(super) const SUBSCRIBER: u8 = 3;
    pub(super) const ACCOUNT: u8 = 4;
    pub(super) const ACCOUNT_PHONE: u8 = 5;
    pub(super) const BOOKING: u8 = 6;
    pub(super) const SLOT_DAY: u8 = 7;
    pub(super) const PHONE_BOOKINGS: u8 = 8;
    pub(super) const CALENDAR_EDITS: u8 = 9;
    pub(super) const TIMER: u8 = 10;
    /// A shard of open entries, in pieces. 32 to 35 were single entries, in format 1.
    pub(super) const SHARD: u8 = 36;
    /// What changed of open entries between two checkpoints.
    pub(super) const CHANGES: u8 = 37;
    pub(super) const END: u8 = 38;
}

/// The last applied turn.
pub(crate) const APPLIED: [u8; 2] = [kind::META, 1];
/// The store's id.
pub(crate) const STORE: [u8; 2] = [kind::META, 2];
/// The last checkpoint that was finished.
pub(crate) const CHECKPOINT: [u8; 2] = [kind::META, 3];
/// The first octets of the citizens' records.
pub(crate) const RECORDS: Range<[u8; 1]> = [kind::DOSSIER]..[kind::SHARD];
/// The first octets of the shards of open entries.
pub(crate) const SHARDS: Range<[u8; 1]> = [kind::SHARD]..[kind::CHANGES];
/// The first octets of changes since the shards were moved.
pub(crate) const CHANGES: Range<[u8; 1]> = [kind::CHANGES]..[kind::END];

/// Whether values of this kind of key are stored unsealed: how full a day is, and nothing personal.
pub(crate) fn is_plain(key: &[u8]) -> bool {
    key.first() == Some(&kind::SLOT_DAY)
}

/// Makes the octets of keys.
#[derive(Debug, Clone)]
pub(crate) struct KeyBytes(pub(crate) LookupKey);

impl KeyBytes {
    /// The octets of `key`, as [`Self::encode`] makes them.
    pub(crate) fn octets(&self, key: &Key) -> Vec<u8> {
        let mut octets = Vec::with_capacity(64);
        self.encode(key, &mut octets);
        octets
    }

    /// The octets of `key`, in place of what `out` held; none for an open entry, which lies in a shard.
    pub(crate) fn encode(&self, key: &Key, out: &mut Vec<u8>) {
        out.clear();
        match key {
            Key::Dossier(service, code) => {
                self.of_service(out, kind::DOSSIER, *service);
                self.hashed(out, kind::DOSSIER, code);
            }
            Key::Queue(service, name) => {
                self.of_service(out, kind::QUEUE, *service);
                named(out, name);
            }
            Key::Subscriber(phone) => {
                out.push(kind::SUBSCRIBER);
                self.hashed(out, kind::SUBSCRIBER, phone.as_str());
            }
            Key::Account(service, id_number) => {
                self.of_service(out, kind::ACCOUNT, *service);
                self.hashed(out, kind::ACCOUNT, id_number);
            }
            Key::AccountPhone(service, phone) => {
                self.of_service(out, kind::ACCOUNT_PHONE, *service);
                self.hashed(out, kind::ACCOUNT_PHONE, phone.as_str());
            }
            Key::Booking(service, date, code) => {
                self.of_service(out, kind::BOOKING, *service);
                dated(out, *date);
                self.hashed(out, kind::BOOKING, code);
            }
            Key::SlotDay(service, date) => {
                self.of_service(out, kind::SLOT_DAY, *service);
                dated(out, *date);
            }
            Key::PhoneBookings(service, phone) => {
                self.of_service(out, kind::PHONE_BOOKINGS, *service);
                self.hashed(out, kind::PHONE_BOOKINGS, phone.as_str());
            }
            Key::CalendarEdits(service) => self.of_service(out, kind::CALENDAR_EDITS, *service),
            Key::Timer(due, subject) => {
                out.extend_from_slice(&timer_bound(*due));
                let subject = subject_octets(subject);
                out.extend_from_slice(&self.0.hash(kind::TIMER, &subject));
            }
            Key::Limits(..)
            | Key::Outbox(_)
            | Key::PartialMessage(_)
            | Key::Fingerprint(_)
            | Key::Found(..) => {}
        }
    }

    /// The range of a service's dossiers.
    pub(crate) fn dossiers_of(&self, service: ServiceId) -> Range<Vec<u8>> {
        let mut from = Vec::new();
        self.of_service(&mut from, kind::DOSSIER, service);
        let mut until = from.clone();
        // Longer than a hash of all ones.
        until.extend([0xff; LookupKey::HASH_LENGTH + 1]);
        from..until
    }

    /// The octets of a shard of open entries, in place of what `out` held. Only who has the store's key knows which.
    pub(crate) fn encode_shard(&self, number: ShardNumber, out: &mut Vec<u8>) {
        out.clear();
        out.push(kind::SHARD);
        out.extend_from_slice(&self.0.hash(kind::SHARD, &number.to_be_bytes()));
    }

    /// Where the sums over open entries begin: nobody without the store's key can choose what lies in one shard.
    pub(crate) fn shard_seed(&self) -> u64 {
        let hash = self.0.hash(kind::SHARD, b"seed");
        hash.first_chunk().map_or(0, |seed| u64::from_be_bytes(*seed))
    }

    fn of_service(&self, out: &mut Vec<u8>, kind: u8, service: ServiceId) {
        out.push(kind);
        named(out, service.as_str());
    }

    fn hashed(&self, out: &mut Vec<u8>, kind: u8, value: &str) {
        out.extend_from_slice(&self.0.hash(kind, value.as_bytes()));
    }
}

/// A chunk of changes of open entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The checkpoint that wrote it.
    pub(crate) generation: u64,
    /// Its number among those of this checkpoint.
    pub(crate) number: u32,
}

impl Chunk {
    /// The octets of its key; they sort as chunks were written.
    pub(crate) fn octets(self) -> [u8; 13] {
        let mut out = [kind::CHANGES; 13];
        out[1..9].copy_from_slice(&self.generation.to_be_bytes());
        out[9..].copy_from_slice(&self.number.to_be_bytes());
        out
    }

    /// The chunk that has this key.
    pub(crate) fn of(octets: &[u8]) -> Option<Self> {
        let (generation, number) = octets.strip_prefix(&[kind::CHANGES])?.split_first_chunk()?;
        let number = u32::from_be_bytes(number.try_into().ok()?);
        Some(Self { generation: u64::from_be_bytes(*generation), number })
    }
}

/// The octets that come before any timer due after `due`, and begin those due then.
pub(crate) fn timer_bound(due: Timestamp) -> [u8; 13] {
    let nanoseconds = due.as_nanosecond();
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
    let rest = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0);
    let mut out = [0; 13];
    out[0] = kind::TIMER;
    // With the sign bit flipped, moments before 1970 sort before those after it.
    out[1..9].copy_from_slice(&(seconds.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    out[9..].copy_from_slice(&rest.to_be_bytes());
    out
}

/// When the timer is due whose key has these octets.
pub(crate) fn timer_due(octets: &[u8]) -> Option<Timestamp> {
    let (_, rest) = octets.split_first()?;
    let (seconds, rest) = rest.split_first_chunk()?;
    let (nanoseconds, _) = rest.split_first_chunk()?;
    let seconds = (u64::from_be_bytes(*seconds) ^ (1 << 63)).cast_signed();
    Timestamp::new(seconds, i32::try_from(u32::from_be_bytes(*nanoseconds)).ok()?).ok()
}

/// The range of timers due up to and including `now`.
pub(crate) fn timers_until(now: Timestamp) -> ([u8; 1], Vec<u8>) {
    let mut until = timer_bound(now).to_vec();
    // Longer than a hash of all ones.
    until.extend([0xff; LookupKey::HASH_LENGTH + 1]);
    ([kind::TIMER], until)
}

/// The octets of an outbox id.
pub(crate) fn outbox_octets(id: model::OutboxId) -> [u8; 14] {
    let mut out = [0; 14];
    out[..8].copy_from_slice(&id.cause.sequence.to_be_bytes());
    out[8..12].copy_from_slice(&id.cause.index.to_be_bytes());
    out[12..].copy_from_slice(&id.ordinal.to_be_bytes());
    out
}

fn named(out: &mut Vec<u8>, name: &str) {
    // Names come from checked packs and short wire fields; a longer one would only collide with its like.
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(name.as_bytes());
}

fn dated(out: &mut Vec<u8>, date: Date) {
    // Years from -9999 to 9999 sort as 0 to 19998.
    let year = u16::try_from(i32::from(date.year()) + 9999).unwrap_or(0);
    out.extend_from_slice(&year.to_be_bytes());
    out.extend([date.month().unsigned_abs(), date.day().unsigned_abs()]);
}

fn subject_octets(subject: &TimerSubject) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    match subject {
        TimerSubject::RotatePassword(service, id_number) => {
            out.push(1);
            named(&mut out, service.as_str());
            named(&mut out, id_number);
        }
        TimerSubject::RemindBooking(service, date, code) => {
            out.push(2);
            named(&mut out, service.as_str());
            dated(&mut out, *date);
            named(&mut out, code);
        }
        TimerSubject::ForgetBooking(service, date, code) => {
            out.push(3);
            named(&mut out, service.as_str());
            dated(&mut out, *date);
            named(&mut out, code);
        }
        TimerSubject::ForgetDossier(service, code_key) => {
            out.push(4);
            named(&mut out, service.as_str());
            named(&mut out, code_key);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use model::Msisdn;
    use model::id::EventId;
    use proptest::prelude::*;
    use vault::{Keys, MasterKey};

    use super::*;

    fn key_bytes() -> KeyBytes {
        let master = MasterKey::from_octets(&[5; 32]);
        let (mut keys, _) = Keys::load(&master, b"").unwrap();
        keys.draw(&master).unwrap();
        KeyBytes(keys.lookup().unwrap())
    }

    fn octets(key_bytes: &KeyBytes, key: &Key) -> Vec<u8> {
        let mut out = b"left over".to_vec();
        key_bytes.encode(key, &mut out);
        out
    }

    #[test]
    fn every_kind_has_its_own_octets_in_its_own_space() {
        let bytes = key_bytes();
        let service = ServiceId::new("s");
        let phone = Msisdn::new("84905123456").unwrap();
        let day = jiff::civil::date(2026, 8, 3);
        let keys = [
            Key::Dossier(service, "x".into()),
            Key::Queue(service, "x".into()),
            Key::Subscriber(phone),
            Key::Account(service, "x".into()),
            Key::AccountPhone(service, phone),
            Key::Booking(service, day, "x".into()),
            Key::SlotDay(service, day),
            Key::PhoneBookings(service, phone),
            Key::CalendarEdits(service),
            Key::Timer(Timestamp::UNIX_EPOCH, TimerSubject::RotatePassword(service, "x".into())),
        ];
        let kinds: std::collections::BTreeSet<u8> = keys.iter().map(|key| octets(&bytes, key)[0]).collect();
        assert_eq!(kinds.len(), keys.len());
        for key in &keys {
            let octets = octets(&bytes, key);
            assert!(RECORDS.contains(&[octets[0]]) && key.space() == model::Space::Records, "{key:?}");
            assert_eq!(is_plain(&octets), matches!(key, Key::SlotDay(..)));
        }
        let open = Key::Outbox(model::OutboxId { cause: EventId { sequence: 1, index: 2 }, ordinal: 3 });
        assert!(octets(&bytes, &open).is_empty() && open.space() == model::Space::Open);
        let mut shard = Vec::new();
        bytes.encode_shard(7, &mut shard);
        let chunk = Chunk { generation: 7, number: 1 };
        assert_eq!(Chunk::of(&chunk.octets()), Some(chunk));
        assert!(CHANGES.contains(&[chunk.octets()[0]]) && !is_plain(&chunk.octets()));
        assert!(SHARDS.contains(&[shard[0]]) && !RECORDS.contains(&[shard[0]]) && !is_plain(&shard));
    }

    #[test]
    fn names_can_not_run_into_each_other() {
        let bytes = key_bytes();
        let queue =
            |service: &str, name: &str| octets(&bytes, &Key::Queue(ServiceId::new(service), name.into()));
        assert_ne!(queue("ab", "c"), queue("a", "bc"));
        assert_eq!(queue("a", "b"), queue("a", "b"));
    }

    #[test]
    fn the_range_of_a_service_has_its_dossiers_and_nothing_else() {
        let bytes = key_bytes();
        let service = ServiceId::new("hue");
        let range = bytes.dossiers_of(service);
        for code in 0..100 {
            let code = code.to_string();
            assert!(range.contains(&octets(&bytes, &Key::Dossier(service, code.as_str().into()))));
            for other in ["hu", "hue-xnc", "huf", "hud", "a"] {
                let other = Key::Dossier(ServiceId::new(other), code.as_str().into());
                assert!(!range.contains(&octets(&bytes, &other)), "{other:?}");
            }
            assert!(!range.contains(&octets(&bytes, &Key::Queue(service, code.as_str().into()))));
        }
    }

    const MILLISECONDS: Range<i64> = -1_000_000_000_000..1_000_000_000_000;

    proptest! {
        #[test]
        fn timers_and_days_sort_as_time_does(a in MILLISECONDS, b in MILLISECONDS) {
            let (first, second) = (Timestamp::from_millisecond(a).unwrap(), Timestamp::from_millisecond(b).unwrap());
            prop_assert_eq!(timer_bound(first).cmp(&timer_bound(second)), first.cmp(&second));
            let bytes = key_bytes();
            let subject = || TimerSubject::RotatePassword(ServiceId::new("s"), "x".into());
            let timer = |at| octets(&bytes, &Key::Timer(at, subject()));
            let (from, until) = timers_until(first);
            prop_assert!(timer(first) > from.to_vec() && timer(first) < until);
            prop_assert_eq!(timer_due(&timer(first)), Some(first));
            prop_assert_eq!(timer(second) < until, second <= first);
            let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
            let slot = |at| octets(&bytes, &Key::SlotDay(ServiceId::new("s"), day(at)));
            prop_assert_eq!(slot(first).cmp(&slot(second)), day(first).cmp(&day(second)));
        }
    }
}
