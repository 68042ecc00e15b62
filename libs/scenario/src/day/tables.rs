//! What is known of some tokens, as tables for the enricher.

use super::diary::Diary;

/// A CSV file with a header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Prefix of its facts.
    pub name: &'static str,
    /// The column that is looked up.
    pub key: &'static str,
    /// What of a signal is looked up.
    pub on: &'static str,
    /// The file.
    pub csv: String,
}

/// `market` by symbol: `market_volume` 10, `market_liquidity_deep` 5. `security` by address: `security_red` 15.
pub(super) fn tables(diary: &Diary) -> Vec<Table> {
    let market = diary
        .liquid
        .iter()
        .map(|symbol| format!("{symbol},250000,800000\n"));
    let security = diary
        .dangerous
        .iter()
        .map(|address| format!("{address},red,0,0\n"));
    vec![
        Table {
            name: "market",
            key: "symbol",
            on: "symbol",
            csv: format!(
                "symbol,volume_1h_usd,liquidity_usd\n{}",
                market.collect::<String>()
            ),
        },
        Table {
            name: "security",
            key: "address",
            on: "address",
            csv: format!(
                "address,goplus_risk,buy_tax,sell_tax\n{}",
                security.collect::<String>()
            ),
        },
    ]
}
