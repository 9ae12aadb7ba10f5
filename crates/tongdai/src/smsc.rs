//! The compound flag `--smsc name=…,host=…`: one bind to an operator's SMSC.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use codec::data_coding::DefaultAlphabet;
use codec::receipt::ReceiptIds;
use codec::segment::Method;
use engine::{LinkConfig, Profile, Verdict};
use model::Redacted;
use model::plan::NumberingPlan;
use session::Mode;
use smpp_client::BindConfig;

use crate::exit::Exit;
use crate::smsc::timers::Timers;

mod timers;

/// One bind, as the flag describes it; the password is read from its file later.
#[derive(Debug, Clone)]
pub(crate) struct SmscSpec {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) mode: Mode,
    pub(crate) system_id: String,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) system_type: String,
    pub(crate) window: u32,
    pub(crate) rate: Option<u32>,
    pub(crate) group: String,
    pub(crate) country: &'static NumberingPlan,
    pub(crate) profile: Profile,
    pub(crate) timers: Timers,
}

/// A flag that can't be read. Ends the process with 2; the text says which part and what was expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpecError {
    #[error("`{0}` is not key=value")]
    NotAPair(String),
    #[error("there is no `{0}=` (known: {known})", known = KEYS.join(", "))]
    UnknownKey(String),
    #[error("`{0}=` stands there twice")]
    Twice(String),
    #[error("`{0}=` is missing")]
    Missing(&'static str),
    #[error("`{key}={value}`: {expected}")]
    Bad { key: &'static str, value: String, expected: String },
}

const KEYS: [&str; 13] = [
    "name",
    "host",
    "port",
    "bind",
    "system-id",
    "password-file",
    "system-type",
    "window",
    "rate",
    "group",
    "country",
    "profile",
    "timers",
];

/// Submits in flight on one bind: the usual value of operators (docs/OPERATIONS.md).
const WINDOW_DEFAULT: u32 = 10;
/// The largest window that is taken: memory of a bind stays bounded.
const WINDOW_MAX: u32 = 10_000;
/// The well-known port of SMPP.
const PORT_DEFAULT: u16 = 2775;

impl FromStr for SmscSpec {
    type Err = SpecError;

    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let fields = Fields::read(spec)?;
        let host = fields.required("host")?.to_owned();
        let port = fields.number("port", PORT_DEFAULT, 1, u16::MAX)?;
        let system_id = fields.required("system-id")?.to_owned();
        let group = fields.get("group").map_or_else(|| format!("{system_id}@{host}:{port}"), str::to_owned);
        Ok(Self {
            name: fields.required("name")?.to_owned(),
            mode: fields.mode()?,
            password_file: fields.get("password-file").map(PathBuf::from),
            system_type: fields.get("system-type").unwrap_or_default().to_owned(),
            window: fields.number("window", WINDOW_DEFAULT, 1, WINDOW_MAX)?,
            rate: match fields.get("rate") {
                Some(_) => Some(fields.number("rate", 0, 1, u32::MAX)?),
                None => None,
            },
            country: fields.country()?,
            profile: fields.profile()?,
            timers: fields.timers()?,
            host,
            port,
            system_id,
            group,
        })
    }
}

/// The binds for links and engine. Each has a name of its own: log, metrics and status know it by nothing else.
pub(crate) fn configure_all(specs: &[SmscSpec]) -> Result<Vec<(BindConfig, LinkConfig)>, Exit> {
    let mut names = BTreeSet::new();
    if let Some(twice) = specs.iter().find(|spec| !names.insert(&spec.name)) {
        return Err(Exit::Usage(anyhow::anyhow!("--smsc: two binds have the name `{}`", twice.name)));
    }
    specs.iter().map(configure).collect()
}

/// The bind for the link and for the engine; reads the password's file.
pub(crate) fn configure(spec: &SmscSpec) -> Result<(BindConfig, LinkConfig), Exit> {
    let mut bind = BindConfig::new(&spec.name, &spec.host, spec.port);
    bind.mode = spec.mode;
    bind.bind.system_id.clone_from(&spec.system_id);
    bind.bind.system_type.clone_from(&spec.system_type);
    if let Some(file) = &spec.password_file {
        bind.bind.password = read_password(file)?;
    }
    bind.window = spec.window;
    bind.rate = spec.rate;
    bind.group = Some(spec.group.clone());
    spec.timers.apply(&mut bind);
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| Exit::Failed(anyhow::anyhow!("no random octets: {error}")))?;
    bind.seed = u64::from_ne_bytes(seed);
    let link = LinkConfig {
        name: spec.name.clone(),
        group: spec.group.as_str().into(),
        receives: spec.mode.receives(),
        plan: spec.country,
        profile: spec.profile.clone(),
    };
    Ok((bind, link))
}

/// The first line of a password's file.
fn read_password(file: &Path) -> Result<Redacted<String>, Exit> {
    let text = std::fs::read_to_string(file).map_err(|error| Exit::unreadable_file(file, error))?;
    Ok(text.lines().next().unwrap_or_default().into())
}

/// The pairs of the flag.
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn read(spec: &str) -> Result<Self, SpecError> {
        let mut fields = BTreeMap::new();
        for pair in spec.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| SpecError::NotAPair(pair.to_owned()))?;
            let key = KEYS
                .iter()
                .find(|known| **known == key.trim())
                .ok_or_else(|| SpecError::UnknownKey(key.to_owned()))?;
            if fields.insert(*key, value.trim().to_owned()).is_some() {
                return Err(SpecError::Twice((*key).to_owned()));
            }
        }
        Ok(Self(fields))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn required(&self, key: &'static str) -> Result<&str, SpecError> {
        self.get(key).filter(|value| !value.is_empty()).ok_or(SpecError::Missing(key))
    }

    fn number<N: FromStr + PartialOrd + Display>(
        &self,
        key: &'static str,
        default: N,
        min: N,
        max: N,
    ) -> Result<N, SpecError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value.parse().ok().filter(|number| *number >= min && *number <= max).ok_or_else(|| SpecError::Bad {
            key,
            value: value.to_owned(),
            expected: format!("a whole number from {min} to {max} is expected"),
        })
    }

    fn mode(&self) -> Result<Mode, SpecError> {
        match self.get("bind").unwrap_or("trx") {
            "trx" | "transceiver" => Ok(Mode::Transceiver),
            "tx" | "transmitter" => Ok(Mode::Transmitter),
            "rx" | "receiver" => Ok(Mode::Receiver),
            other => Err(SpecError::Bad {
                key: "bind",
                value: other.to_owned(),
                expected: "trx, tx or rx is expected".to_owned(),
            }),
        }
    }

    fn profile(&self) -> Result<Profile, SpecError> {
        let mut profile = Profile::default();
        for word in self.get("profile").unwrap_or_default().split('+').filter(|word| !word.is_empty()) {
            let known = match word.split_once('=') {
                Some((name, value)) => set(&mut profile, name.trim(), value.trim()),
                None => switch(&mut profile, word.trim()),
            };
            known.ok_or_else(|| SpecError::Bad {
                key: "profile",
                value: word.to_owned(),
                expected: "gsm7, packed, latin1, ascii, utf8, udh, sar, payload, novalidity, same-ids, decimal-receipts, \
                           hex-receipts, from=TON/NPI, to=TON/NPI or STATUS=throttled|retry|retry-few|rejected|\
                           configuration is expected"
                    .to_owned(),
            })?;
        }
        Ok(profile)
    }

    fn timers(&self) -> Result<Timers, SpecError> {
        let mut timers = Timers::default();
        for word in self.get("timers").unwrap_or_default().split('+').filter(|word| !word.is_empty()) {
            timers.set(word).ok_or_else(|| SpecError::Bad {
                key: "timers",
                value: word.to_owned(),
                expected: format!(
                    "{}, as enquire-link=20s or 500ms, from 100ms to 60s, is expected",
                    timers::NAMES
                ),
            })?;
        }
        if timers.notice_death_too_late() {
            return Err(SpecError::Bad {
                key: "timers",
                value: self.get("timers").unwrap_or_default().to_owned(),
                expected:
                    "enquire-link and twice enquire-link-answer within 55s are expected: the messages of a \
                           dead link are known for a minute"
                        .to_owned(),
            });
        }
        Ok(timers)
    }

    fn country(&self) -> Result<&'static NumberingPlan, SpecError> {
        let country = self.get("country").unwrap_or("vn");
        country.parse().map_err(|_| SpecError::Bad {
            key: "country",
            value: country.to_owned(),
            expected: "vn or cz is expected".to_owned(),
        })
    }
}

/// A word of a profile that stands alone; `None` for one that does not exist.
fn switch(profile: &mut Profile, word: &str) -> Option<()> {
    match word {
        "gsm7" => profile.segments.default_alphabet = DefaultAlphabet::Gsm7,
        "packed" => profile.segments.default_alphabet = DefaultAlphabet::Gsm7Packed,
        "latin1" => profile.segments.default_alphabet = DefaultAlphabet::Latin1,
        "ascii" => profile.segments.default_alphabet = DefaultAlphabet::Ascii,
        "utf8" => profile.segments.default_alphabet = DefaultAlphabet::Utf8,
        "udh" => profile.segments.method = Method::Udh,
        "sar" => profile.segments.method = Method::Sar,
        "payload" => profile.segments.method = Method::MessagePayload,
        "novalidity" => profile.validity = false,
        "same-ids" => profile.receipt_ids = ReceiptIds::Same,
        "decimal-receipts" => profile.receipt_ids = ReceiptIds::Decimal,
        "hex-receipts" => profile.receipt_ids = ReceiptIds::Hexadecimal,
        _ => return None,
    }
    Some(())
}

/// A word of a profile with a value: type of number and plan of our number (`from`) and of the citizen's (`to`) in
/// texts that answer nothing, or what a status means.
fn set(profile: &mut Profile, name: &str, value: &str) -> Option<()> {
    match name {
        "from" => profile.source_ton_npi = ton_npi(value)?,
        "to" => profile.destination_ton_npi = ton_npi(value)?,
        status => {
            let status = match status.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => status.parse().ok()?,
            };
            // That a message was taken is no matter of settings.
            profile.statuses.insert(status, verdict(value).filter(|_| status != 0)?);
        }
    }
    Some(())
}

fn ton_npi(value: &str) -> Option<(u8, u8)> {
    let (ton, npi) = value.split_once('/')?;
    Some((ton.parse().ok()?, npi.parse().ok()?))
}

fn verdict(word: &str) -> Option<Verdict> {
    Some(match word {
        "throttled" => Verdict::Throttled,
        "retry" => Verdict::Retry,
        "retry-few" => Verdict::RetryLimited,
        "rejected" => Verdict::Rejected,
        "configuration" => Verdict::Configuration,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_is_read_with_its_defaults() {
        let spec: SmscSpec =
            "name=viettel,host=127.0.0.1,system-id=hue,password-file=/run/p,rate=40,profile=latin1+sar"
                .parse()
                .unwrap();
        assert_eq!((spec.port, spec.window, spec.rate), (2775, 10, Some(40)));
        assert_eq!(spec.group, "hue@127.0.0.1:2775");
        assert_eq!(spec.mode, Mode::Transceiver);
        assert_eq!(spec.profile.segments.method, Method::Sar);
        assert_eq!(spec.profile.segments.default_alphabet, DefaultAlphabet::Latin1);
    }

    #[test]
    fn a_profile_says_what_is_particular_about_an_smsc() {
        let spec =
            "name=a,host=b,system-id=c,profile=decimal-receipts+from=5/0+to=1/1+0x401=retry+69=rejected";
        let profile = spec.parse::<SmscSpec>().unwrap().profile;
        assert_eq!(profile.receipt_ids, ReceiptIds::Decimal);
        assert_eq!((profile.source_ton_npi, profile.destination_ton_npi), ((5, 0), (1, 1)));
        let statuses: Vec<_> = profile.statuses.into_iter().collect();
        assert_eq!(statuses, [(69, Verdict::Rejected), (0x401, Verdict::Retry)]);
    }

    #[test]
    fn each_mistake_is_named() {
        for (spec, expected) in [
            ("name=a,host=b", "`system-id=` is missing"),
            ("name=a,host=b,system-id=c,port=0", "`port=0`: a whole number from 1 to 65535 is expected"),
            ("name=a,hots=b", "there is no `hots=`"),
            ("name=a,name=b", "`name=` stands there twice"),
            ("name", "`name` is not key=value"),
            ("name=a,host=b,system-id=c,bind=both", "trx, tx or rx"),
            ("name=a,host=b,system-id=c,country=de", "vn or cz"),
            ("name=a,host=b,system-id=c,profile=sra", "profile=sra"),
            ("name=a,host=b,system-id=c,profile=sar+from=5", "profile=from=5"),
            ("name=a,host=b,system-id=c,profile=0x58=ignored", "profile=0x58=ignored"),
            ("name=a,host=b,system-id=c,timers=response=2m", "timers=response=2m"),
            ("name=a,host=b,system-id=c,timers=respond=2s", "connect, bind, enquire-link,"),
            ("name=a,host=b,system-id=c,timers=enquire-link=46s", "within 55s"),
            ("name=a,host=b,system-id=c,profile=0=rejected", "profile=0=rejected"),
        ] {
            let error = spec.parse::<SmscSpec>().unwrap_err().to_string();
            assert!(error.contains(expected), "{spec}: {error}");
        }
    }
}
