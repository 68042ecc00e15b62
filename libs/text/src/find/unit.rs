//! What amounts are counted in: currencies, per cent, symbols of tokens, and things. Tables only.

use super::currency;
use super::magnitude::{folded, letters};

/// What stands behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// ISO 4217 code.
    Money(&'static str),
    Percent,
    /// A noun, in the singular.
    Counted(&'static str),
    /// Symbol of a token, upper case.
    Symbol(String),
}

/// Symbols of tokens that need no `$` behind a number.
const SYMBOLS: &[&str] = &[
    "AAVE", "ADA", "APE", "APT", "ARB", "ATOM", "AVAX", "BCH", "BNB", "BONK", "BTC", "BUSD", "CRV", "DAI",
    "DOGE", "DOT", "EOS", "ETC", "ETH", "FDUSD", "FIL", "FTM", "ICP", "INJ", "LDO", "LINK", "LTC", "MATIC",
    "MKR", "NEAR", "OP", "PEPE", "POL", "SHIB", "SNX", "SOL", "STETH", "SUI", "TON", "TRX", "UNI", "USDC",
    "USDT", "WBTC", "WETH", "WIF", "XLM", "XMR", "XRP", "ZEC",
];

/// Things that are counted: as written in lower case, and in the singular.
const THINGS: &[(&str, &str)] = &[
    ("address", "address"),
    ("addresses", "address"),
    ("barrel", "barrel"),
    ("barrels", "barrel"),
    ("bitcoin", "BTC"),
    ("bitcoins", "BTC"),
    ("block", "block"),
    ("blocks", "block"),
    ("bps", "bps"),
    ("basis points", "bps"),
    ("coin", "coin"),
    ("coins", "coin"),
    ("contracts", "contract"),
    ("customers", "customer"),
    ("day", "day"),
    ("days", "day"),
    ("ether", "ETH"),
    ("employees", "employee"),
    ("followers", "follower"),
    ("gwei", "gwei"),
    ("gw", "GW"),
    ("holders", "holder"),
    ("hour", "hour"),
    ("hours", "hour"),
    ("kg", "kg"),
    ("km", "km"),
    ("kwh", "kWh"),
    ("miles", "mile"),
    ("miners", "miner"),
    ("minute", "minute"),
    ("minutes", "minute"),
    ("mins", "minute"),
    ("month", "month"),
    ("months", "month"),
    ("mw", "MW"),
    ("mwh", "MWh"),
    ("nft", "NFT"),
    ("nfts", "NFT"),
    ("nodes", "node"),
    ("ounces", "ounce"),
    ("oz", "ounce"),
    ("people", "people"),
    ("sats", "sat"),
    ("satoshis", "sat"),
    ("seconds", "second"),
    ("shares", "share"),
    ("tokens", "token"),
    ("token", "token"),
    ("ton", "tonne"),
    ("tons", "tonne"),
    ("tonnes", "tonne"),
    ("tps", "TPS"),
    ("traders", "trader"),
    ("transactions", "transaction"),
    ("txs", "transaction"),
    ("users", "user"),
    ("validators", "validator"),
    ("voters", "voter"),
    ("votes", "vote"),
    ("wallet", "wallet"),
    ("wallets", "wallet"),
    ("week", "week"),
    ("weeks", "week"),
    ("year", "year"),
    ("years", "year"),
    ("eh/s", "EH/s"),
    ("th/s", "TH/s"),
];

const PERCENT_WORDS: &[&str] = &[
    "percent",
    "per cent",
    "pct",
    "percentage points",
    "prozent",
    "por ciento",
    "por cento",
    "pour cent",
    "per cento",
    "процентов",
    "процента",
    "yüzde",
    "persen",
];

/// The unit at the beginning of `rest` and its length in bytes. `apart` says that a blank or a magnitude came before;
/// a bare word needs it, so that `5G` and `2FA` are none.
pub(super) fn unit(rest: &str, apart: bool) -> Option<(Unit, usize)> {
    let first = rest.chars().next()?;
    if first == '%' {
        return Some((Unit::Percent, 1));
    }
    if first == '$' {
        return dollar(&rest[1..], apart);
    }
    if let Some(code) = currency::sign(first) {
        return Some((Unit::Money(code), first.len_utf8()));
    }
    if let Some((code, length)) = currency::unspaced(rest) {
        return Some((Unit::Money(code), length));
    }
    if let Some((code, length)) = currency::country_before(rest) {
        return Some((Unit::Money(code), length));
    }
    tagged(rest, apart).or_else(|| word(rest, apart))
}

/// Whether a currency stands here.
pub(super) fn is_money(rest: &str) -> bool {
    matches!(unit(rest, true), Some((Unit::Money(_), _)))
}

/// What follows a `$`: nothing, or the symbol of a token (`500 $UNI`).
fn dollar(behind: &str, apart: bool) -> Option<(Unit, usize)> {
    let length = behind
        .bytes()
        .take(13)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    if length == 0 && !behind.starts_with(['$', '_', '{']) {
        return Some((Unit::Money("USD"), 1));
    }
    let goes_on = behind[length..].starts_with(crate::invisible::looks_latin);
    let named = apart && (2..=12).contains(&length) && behind.as_bytes()[0].is_ascii_alphabetic() && !goes_on;
    named.then(|| (Unit::Symbol(behind[..length].to_ascii_uppercase()), length + 1))
}

/// `10,000 #BTC`
fn tagged(rest: &str, apart: bool) -> Option<(Unit, usize)> {
    let tag = rest.strip_prefix('#').filter(|_| apart)?;
    let length = tag.find(|c: char| !c.is_alphanumeric()).unwrap_or(tag.len());
    let symbol = tag.get(..length)?.to_ascii_uppercase();
    SYMBOLS
        .contains(&symbol.as_str())
        .then_some((Unit::Symbol(symbol), length + 1))
}

fn word(rest: &str, apart: bool) -> Option<(Unit, usize)> {
    let mut length = letters(rest);
    // A word with digits in it is none of ours.
    if rest[length..].starts_with(char::is_alphanumeric) {
        return None;
    }
    if matches!(&rest[..length], "EH" | "PH" | "TH") && rest[length..].starts_with("/s") {
        length += 2;
    }
    let written = &rest[..length];
    let is_staked = apart && written == "stETH";
    if SYMBOLS.contains(&written) || is_staked {
        return Some((Unit::Symbol(written.to_ascii_uppercase()), length));
    }
    if let Some(code) = currency::code(written) {
        return Some((Unit::Money(code), length));
    }
    if !apart {
        return attached(written, length);
    }
    let two = rest[length..]
        .strip_prefix(' ')
        .map(|next| &rest[..length + 1 + letters(next)]);
    let candidates = two.into_iter().chain([written]);
    candidates
        .into_iter()
        .find_map(|name| Some((named(&folded(name)?)?, name.len())))
}

fn named(lower: &str) -> Option<Unit> {
    if PERCENT_WORDS.contains(&lower) {
        return Some(Unit::Percent);
    }
    let money = currency::word(lower).map(Unit::Money);
    money.or_else(|| {
        THINGS
            .iter()
            .find(|(word, _)| *word == lower)
            .map(|(_, thing)| Unit::Counted(thing))
    })
}

/// Units that are written onto their number.
fn attached(written: &str, length: usize) -> Option<(Unit, usize)> {
    let lower = folded(written)?;
    let unit = match lower.as_str() {
        "bps" | "kg" | "km" | "mw" | "gw" | "kwh" | "mwh" | "oz" | "eh/s" | "th/s" | "tps" | "gwei"
        | "sats" | "pct" | "usd" | "eur" | "tl" => named(&lower)?,
        _ if !lower.is_ascii() => Unit::Money(currency::word(&lower)?),
        _ => return None,
    };
    Some((unit, length))
}
