//! What amounts are counted in: currencies, per cent, symbols of tokens, and things. Tables only.

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

/// Signs of currencies; `¥` is yen unless the text says yuan.
pub(super) const CURRENCY_SIGNS: [(&str, &str); 14] = [
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₫", "VND"),
    ("₺", "TRY"),
    ("฿", "THB"),
    ("₦", "NGN"),
    ("₿", "BTC"),
    ("Ξ", "ETH"),
];

/// Letters before a dollar sign.
pub(super) const DOLLARS: [(&str, &str); 10] = [
    ("US", "USD"),
    ("A", "AUD"),
    ("AU", "AUD"),
    ("C", "CAD"),
    ("CA", "CAD"),
    ("HK", "HKD"),
    ("NT", "TWD"),
    ("NZ", "NZD"),
    ("S", "SGD"),
    ("R", "BRL"),
];

const CODES: &[&str] = &[
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "INR",
    "JPY", "KRW", "MXN", "NGN", "NOK", "NZD", "PHP", "PLN", "RUB", "SEK", "SGD", "THB", "TRY", "TWD", "UAH",
    "USD", "VND", "ZAR",
];

/// Words for currencies in lower case.
const CURRENCY_WORDS: &[(&str, &str)] = &[
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("bucks", "USD"),
    ("usd", "USD"),
    ("dólares", "USD"),
    ("dólar", "USD"),
    ("dollari", "USD"),
    ("dollaro", "USD"),
    ("dollaria", "USD"),
    ("dollár", "USD"),
    ("dolar", "USD"),
    ("dolara", "USD"),
    ("doların", "USD"),
    ("dolary", "USD"),
    ("dolarów", "USD"),
    ("dolarů", "USD"),
    ("δολάρια", "USD"),
    ("đô la", "USD"),
    ("доларів", "USD"),
    ("долларов", "USD"),
    ("доллара", "USD"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("eur", "EUR"),
    ("евро", "EUR"),
    ("євро", "EUR"),
    ("ευρώ", "EUR"),
    ("euroa", "EUR"),
    ("złotych", "PLN"),
    ("zł", "PLN"),
    ("korun", "CZK"),
    ("kč", "CZK"),
    ("kronor", "SEK"),
    ("forint", "HUF"),
    ("đồng", "VND"),
    ("quid", "GBP"),
    ("pounds", "GBP"),
    ("yen", "JPY"),
    ("yuan", "CNY"),
    ("rmb", "CNY"),
    ("rupees", "INR"),
    ("rubles", "RUB"),
    ("roubles", "RUB"),
    ("рублей", "RUB"),
    ("рубля", "RUB"),
    ("руб", "RUB"),
    ("гривень", "UAH"),
    ("reais", "BRL"),
    ("pesos", "MXN"),
    ("francs", "CHF"),
    ("lira", "TRY"),
    ("rupiah", "IDR"),
];

/// Words of scripts without blanks, the longer first.
const UNSPACED: [(&str, Unit); 11] = [
    ("美元", Unit::Money("USD")),
    ("美金", Unit::Money("USD")),
    ("欧元", Unit::Money("EUR")),
    ("人民币", Unit::Money("CNY")),
    ("日元", Unit::Money("JPY")),
    ("元", Unit::Money("CNY")),
    ("円", Unit::Money("JPY")),
    ("ドル", Unit::Money("USD")),
    ("달러", Unit::Money("USD")),
    ("원", Unit::Money("KRW")),
    ("ユーロ", Unit::Money("EUR")),
];

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
    if rest.starts_with('%') {
        return Some((Unit::Percent, 1));
    }
    if let Some((sign, code)) = CURRENCY_SIGNS[1..]
        .iter()
        .find(|(sign, _)| rest.starts_with(sign))
    {
        return Some((Unit::Money(code), sign.len()));
    }
    if let Some((word, unit)) = UNSPACED.iter().find(|(word, _)| rest.starts_with(word)) {
        return Some((unit.clone(), word.len()));
    }
    if let Some(symbol) = rest.strip_prefix('$') {
        let length = symbol
            .bytes()
            .take(13)
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        if length == 0 && !symbol.starts_with(['$', '_', '{']) {
            return Some((Unit::Money("USD"), 1));
        }
        let named = apart && (2..=12).contains(&length) && symbol.as_bytes()[0].is_ascii_alphabetic();
        return named.then(|| (Unit::Symbol(symbol[..length].to_ascii_uppercase()), length + 1));
    }
    tagged(rest, apart).or_else(|| word(rest, apart))
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
    let mut length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    if matches!(&rest[..length], "EH" | "PH" | "TH") && rest[length..].starts_with("/s") {
        length += 2;
    }
    let written = &rest[..length];
    let two = rest[length..].strip_prefix(' ').map(|next| {
        let second = next.find(|c: char| !c.is_alphabetic()).unwrap_or(next.len());
        &rest[..length + 1 + second]
    });
    if written.is_empty() || written.len() > 24 {
        return None;
    }
    if SYMBOLS.contains(&written)
        || (apart && SYMBOLS.contains(&&*written.to_ascii_uppercase()) && written == "stETH")
    {
        return Some((Unit::Symbol(written.to_ascii_uppercase()), length));
    }
    if CODES.contains(&written) || written == "RMB" {
        let code = CODES
            .iter()
            .find(|code| **code == written)
            .copied()
            .unwrap_or("CNY");
        return Some((Unit::Money(code), length));
    }
    if !apart {
        return attached(written, length);
    }
    let candidates = two.into_iter().chain([written]);
    candidates
        .into_iter()
        .find_map(|name| Some((named(&name.to_lowercase())?, name.len())))
}

fn named(lower: &str) -> Option<Unit> {
    if PERCENT_WORDS.contains(&lower) {
        return Some(Unit::Percent);
    }
    let money = CURRENCY_WORDS
        .iter()
        .find(|(word, _)| *word == lower)
        .map(|(_, code)| Unit::Money(code));
    money.or_else(|| {
        THINGS
            .iter()
            .find(|(word, _)| *word == lower)
            .map(|(_, thing)| Unit::Counted(thing))
    })
}

/// Units that are written onto their number.
fn attached(written: &str, length: usize) -> Option<(Unit, usize)> {
    let lower = written.to_lowercase();
    let unit = match lower.as_str() {
        "bps" | "kg" | "km" | "mw" | "gw" | "kwh" | "mwh" | "oz" | "eh/s" | "th/s" | "tps" | "gwei"
        | "sats" | "pct" | "usd" | "eur" => named(&lower)?,
        _ => return None,
    };
    Some((unit, length))
}
