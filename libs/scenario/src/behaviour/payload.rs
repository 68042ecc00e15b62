//! The particulars of each kind, as event-pipeline's emitter writes them.

use super::Kind;
use rand::Rng;
use std::net::Ipv4Addr;

const METHODS: [&str; 4] = ["password", "oauth", "sso", "biometric"];
const COUNTRIES: [&str; 8] = ["US", "GB", "DE", "FR", "JP", "BR", "IN", "TR"];
const PRODUCTS: [&str; 8] = [
    "keyboard",
    "monitor",
    "headphones",
    "desk lamp",
    "backpack",
    "notebook",
    "coffee grinder",
    "bicycle",
];
const PAYMENTS: [&str; 3] = ["credit_card", "paypal", "bank_transfer"];
const PAGES: [&str; 6] = ["/", "/search", "/cart", "/checkout", "/account", "/help"];
const ELEMENTS: [&str; 5] = [
    "buy_button",
    "nav_menu",
    "search_box",
    "product_card",
    "footer_link",
];
const ENDPOINTS: [&str; 5] = [
    "/api/orders",
    "/api/users",
    "/api/products",
    "/api/payments",
    "/api/reports",
];
const FOLDERS: [&str; 4] = ["/reports", "/invoices", "/contracts", "/images"];
const ACTIONS: [&str; 3] = ["read", "write", "download"];

/// Logins and calls that fail, in a hundred: most users never fail three times in a row.
const FAILURES: u32 = 3;

/// A JSON object.
pub(super) fn payload(kind: Kind, random: &mut impl Rng) -> String {
    match kind {
        Kind::Login => login(random),
        Kind::Purchase => purchase(random),
        Kind::Click => click(random),
        Kind::ApiCall => api_call(random),
        Kind::FileAccess => file_access(random),
    }
}

fn login(random: &mut impl Rng) -> String {
    let (method, country, success) = (one(&METHODS, random), one(&COUNTRIES, random), succeeds(random));
    let ip = Ipv4Addr::from_bits(random.random_range(0x0a00_0000..0x0aff_ffff));
    format!(r#"{{"login_method":"{method}","success":{success},"location":"{country}","ip_address":"{ip}"}}"#)
}

fn purchase(random: &mut impl Rng) -> String {
    let (product, payment) = (one(&PRODUCTS, random), one(&PAYMENTS, random));
    // Squaring a uniform number makes small sums common; about one in fifty is above $1,000.
    let share: f64 = random.random();
    let amount = 5.0 + share * share * 1_040.0;
    let item = random.random_range(1..=500);
    format!(
        r#"{{"amount":{amount:.2},"currency":"USD","product":"{product}","item_id":"item_{item}","payment_method":"{payment}"}}"#
    )
}

fn click(random: &mut impl Rng) -> String {
    let (page, element) = (one(&PAGES, random), one(&ELEMENTS, random));
    let (x, y) = (random.random_range(0..1_920), random.random_range(0..1_080));
    format!(r#"{{"page":"{page}","element":"{element}","x":{x},"y":{y}}}"#)
}

fn api_call(random: &mut impl Rng) -> String {
    let (endpoint, success) = (one(&ENDPOINTS, random), succeeds(random));
    let status = if success { 200 } else { 500 };
    let took = random.random_range(2..400);
    format!(
        r#"{{"endpoint":"{endpoint}","method":"GET","status_code":{status},"success":{success},"response_time_ms":{took}}}"#
    )
}

fn file_access(random: &mut impl Rng) -> String {
    let (folder, action) = (one(&FOLDERS, random), one(&ACTIONS, random));
    let (file, size) = (random.random_range(1..=999), random.random_range(100..5_000_000));
    format!(r#"{{"file_path":"{folder}/{file}.pdf","action":"{action}","file_size":{size}}}"#)
}

fn succeeds(random: &mut impl Rng) -> bool {
    !random.random_ratio(FAILURES, 100)
}

fn one(choices: &[&'static str], random: &mut impl Rng) -> &'static str {
    choices[random.random_range(0..choices.len())]
}
