use super::*;
use proptest::prelude::*;

fn names(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn cashtags_are_told_from_amounts() {
    let cases: [(&str, &[&str]); 12] = [
        ("$UNI and $eth.", &["UNI", "ETH"]),
        ("$1,000 $5M $5 $2.5bn $100k $3 million $10USD", &[]),
        ("$1INCH is up", &["1INCH"]),
        ("$BRK.B beats $AAPL.", &["BRK.B", "AAPL"]),
        ("US$100 A$UNI cash$flow", &[]),
        ("买$UNI吧", &["UNI"]),
        ("($PEPE), \"$DOGE\"!", &["PEPE", "DOGE"]),
        ("$PATH_TO_FILE ${HOME} $$$", &[]),
        ("$café", &[]),
        ("$averyverylongword", &[]),
        ("$USDC/$WETH", &["USDC", "WETH"]),
        ("$", &[]),
    ];
    for (text, wanted) in cases {
        assert_eq!(names(&find(text).cashtags), wanted, "{text}");
    }
}

#[test]
fn hashtags_and_mentions() {
    let found = find("#DeFi #1 #比特币 c#sharp &#39; ##x hi @Vitalik, mail a@b.com (@sluice_box) @@y #Γειά");
    assert_eq!(names(&found.hashtags), ["defi", "比特币", "γειά"]);
    assert_eq!(names(&found.mentions), ["vitalik", "sluice_box"]);
}

#[test]
fn links_end_where_the_sentence_goes_on() {
    let cases = [
        ("see https://a.com/x.", "https://a.com/x"),
        (
            "(https://en.wikipedia.org/wiki/A_(b))",
            "https://en.wikipedia.org/wiki/A_(b)",
        ),
        ("查看https://a.com/x查看", "https://a.com/x"),
        (
            "HTTPS://A.com:443/P?utm_source=t&id=7&fbclid=z#frag",
            "https://a.com/P?id=7",
        ),
        ("http://user:secret@a.com:8080/", "http://a.com:8080/"),
        ("www.a.com/x?utm_medium=m", "https://www.a.com/x"),
        ("<https://a.com/>", "https://a.com/"),
        ("“https://a.com/q?a=1”", "https://a.com/q?a=1"),
    ];
    for (text, wanted) in cases {
        let found = find(text);
        assert_eq!(
            found
                .links
                .iter()
                .map(|link| link.url.as_str())
                .collect::<Vec<_>>(),
            [wanted],
            "{text}"
        );
    }
    assert!(
        find("http:// https://… http://x www. http://[::")
            .links
            .is_empty()
    );
}

#[test]
fn evm_addresses_with_their_checksum() {
    // The test values of EIP-55.
    let valid = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let found = find(&format!("buy {valid}, not {}!", valid.to_lowercase()));
    assert_eq!(found.addresses.len(), 2);
    assert_eq!(found.addresses[0].checksum, Checksum::Valid);
    assert_eq!(found.addresses[1].checksum, Checksum::Absent);
    assert_eq!(found.addresses[0].address, valid.to_lowercase());
    let wrong = find("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    assert_eq!(wrong.addresses[0].checksum, Checksum::Invalid);
    let hash = "0x".to_owned() + &"ab".repeat(32);
    assert!(
        find(&hash).addresses.is_empty(),
        "a transaction hash is no address"
    );
}

#[test]
fn solana_addresses_are_32_bytes() {
    for address in [
        "So11111111111111111111111111111111111111112",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    ] {
        let found = find(&format!("ca: {address}."));
        assert_eq!(found.addresses.len(), 1, "{address}");
        assert_eq!(found.addresses[0].chain, Chain::Solana);
        assert_eq!(
            &format!("ca: {address}.")[found.addresses[0].span.range()],
            address
        );
    }
    for word in [
        "Donaudampfschifffahrtsgesellschaftskapitaen",
        "11111111111111111111111111111111",
        "d41d8cd98f00b204e9800998ecf8427e",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1vX",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1A",
    ] {
        assert!(find(word).addresses.is_empty(), "{word}");
    }
}

#[test]
fn addresses_in_a_path_count_and_in_a_query_do_not() {
    let address = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
    assert_eq!(
        find(&format!("https://etherscan.io/token/{address}?a=1"))
            .addresses
            .len(),
        1
    );
    assert!(
        find(&format!("https://a.com/?session={address}"))
            .addresses
            .is_empty()
    );
}

#[test]
fn a_megabyte_of_signs_is_read_once() {
    for hostile in [
        "$",
        "#",
        "@",
        "$a",
        "#a",
        "@a",
        "http://",
        "www.",
        "0x",
        "https://a.com/)",
        "a",
        "#\u{301}",
    ] {
        find(&hostile.repeat(1_000_000 / hostile.len()));
    }
    assert_eq!(find(&"$UNI ".repeat(10_000)).cashtags.len(), MOST_OF_A_KIND);
}

proptest! {
    #[test]
    fn spans_are_within_the_text(text in "(\\PC|[$#@]|https://|www\\.|0x|[a-zA-Z0-9]{30,46}| ){0,40}") {
        let found = find(&text);
        let tags = found.cashtags.iter().chain(&found.hashtags).chain(&found.mentions).map(|tag| tag.span);
        let others = found.links.iter().map(|l| l.span).chain(found.addresses.iter().map(|a| a.span));
        for span in tags.chain(others) {
            prop_assert!(text.get(span.range()).is_some_and(|part| !part.is_empty()));
        }
    }

    #[test]
    fn canonical_form_is_a_fixed_point(path in "[a-z0-9/._~-]{0,20}", query in "[a-z_=&0-9]{0,20}") {
        if let Some(once) = canonical(&format!("https://a.example/{path}?{query}#f")) {
            prop_assert_eq!(canonical(&once), Some(once));
        }
    }
}

#[test]
fn money_is_found_in_the_words_of_many_languages() {
    for (text, value, unit) in [
        ("El hackeo dejó pérdidas por 45 millones de dólares", 45e6, "USD"),
        ("3,2 milliards d'euros envolés", 3.2e9, "EUR"),
        ("persi 2 milioni di dollari", 2e6, "USD"),
        ("spadła poniżej 60 tysięcy dolarów", 60e3, "USD"),
        ("klesla pod 60 tisíc dolarů", 60e3, "USD"),
        ("60 bin doların altına", 60e3, "USD"),
        ("ανέβηκε στα 70.000 δολάρια", 70e3, "USD"),
        ("xuống dưới 60.000 đô la", 60e3, "USD"),
        ("украли 2 миллиона долларов", 2e6, "USD"),
        ("It costs €1.299,00 now", 1_299.0, "EUR"),
        ("10,000 #BTC moved", 10_000.0, "BTC"),
    ] {
        let found = find(text).amounts;
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].value, found[0].unit.as_str()), (value, unit), "{text}");
    }
}

/// Values and units of the amounts of a text.
fn amounts(text: &str) -> Vec<(f64, String)> {
    let found = find(text).amounts;
    found
        .into_iter()
        .map(|amount| (amount.value, amount.unit))
        .collect()
}

#[test]
fn amounts_as_countries_group_and_scale_them() {
    for (text, value, unit) in [
        // South Asia
        ("The fund raised ₹1,00,000 today", 1e5, "INR"),
        ("Turnover of ₹12,34,567.50 was booked", 1_234_567.5, "INR"),
        ("Rs. 5,00,000 and Rs", 5e5, "INR"),
        ("a Rs 2.5 crore grant", 2.5e7, "INR"),
        ("worth 5 lakh rupees", 5e5, "INR"),
        ("Rs 5 lakh crore budget", 5e12, "INR"),
        ("₹2 crore 50 lakh", 2.5e7, "INR"),
        ("₹50cr round", 5e8, "INR"),
        ("₹5L salary", 5e5, "INR"),
        ("₹3 arab", 3e9, "INR"),
        ("INR 20 thousand crore", 2e11, "INR"),
        ("५,००,००० रुपये", 5e5, "INR"),
        ("५ करोड़ रुपये", 5e7, "INR"),
        ("৳৫,০০,০০০ দান", 5e5, "BDT"),
        ("PKR 3 kharab", 3e11, "PKR"),
        // Switzerland, France, Germany and their neighbours
        ("A fine of CHF 1\u{2019}200.20 was paid", 1_200.2, "CHF"),
        ("A fine of CHF 1'234'567.20 was paid", 1_234_567.2, "CHF"),
        ("1'200 Franken Busse", 1_200.0, "CHF"),
        ("The price is € 1\u{a0}234,56 now", 1_234.56, "EUR"),
        (
            "The price is €1\u{202f}234\u{202f}567,89 now",
            1_234_567.89,
            "EUR",
        ),
        ("The price is 1\u{2009}234,56 € now", 1_234.56, "EUR"),
        ("€1.234.567,89 Schaden", 1_234_567.89, "EUR"),
        ("12 Mrd. Euro", 12e9, "EUR"),
        ("€ 1,5 Mio.", 1.5e6, "EUR"),
        ("5 M€ levés", 5e6, "EUR"),
        ("5 Md€ de pertes", 5e9, "EUR"),
        ("3 Mds d'euros", 3e9, "EUR"),
        ("500 k€ par an", 5e5, "EUR"),
        ("20 mille euros", 20e3, "EUR"),
        ("2,5 biljoen euro", 2.5e12, "EUR"),
        ("5 Billionen Euro", 5e12, "EUR"),
        ("200 Tsd. Euro", 2e5, "EUR"),
        ("200mila euro", 2e5, "EUR"),
        ("kr 1 500 000", 1.5e6, "NOK"),
        ("500 kr", 500.0, "SEK"),
        ("2 miljarder kronor", 2e9, "SEK"),
        ("1 234,50 zł", 1_234.5, "PLN"),
        ("3 bln zł", 3e12, "PLN"),
        ("1 500 Kč", 1_500.0, "CZK"),
        ("5 milliárd forint", 5e9, "HUF"),
        // Spanish and Portuguese
        ("2 mil millones de dólares", 2e9, "USD"),
        ("R$ 2,5 bi em 2024", 2.5e9, "BRL"),
        ("R$ 5 mi", 5e6, "BRL"),
        ("R$ 1.500", 1_500.0, "BRL"),
        ("R$ 50 mil", 50e3, "BRL"),
        ("5 mil milhões de euros", 5e9, "EUR"),
        ("50 mil reais", 50e3, "BRL"),
        // Russian, Ukrainian
        ("5 тыс. руб.", 5e3, "RUB"),
        ("₽1,5 трлн", 1.5e12, "RUB"),
        ("2 мільярди гривень", 2e9, "UAH"),
        ("руб. 500 000", 5e5, "RUB"),
        // Chinese, Japanese, Korean, Vietnamese, Thai, Indonesian, Turkish
        ("损失3亿5000万元", 3.5e8, "CNY"),
        ("１億２０００万円", 1.2e8, "JPY"),
        ("3千5百万円", 3.5e7, "JPY"),
        ("約5千万ドル", 5e7, "USD"),
        ("10多亿美元", 1e9, "USD"),
        ("3억 5000만 원", 3.5e8, "KRW"),
        ("5천만원", 5e7, "KRW"),
        ("1兆2000億円", 1.2e12, "JPY"),
        ("5 nghìn tỷ đồng", 5e12, "VND"),
        ("ราคา๕๐๐บาท", 500.0, "THB"),
        ("2 พันล้านบาท", 2e9, "THB"),
        ("Rp 50.000", 50e3, "IDR"),
        ("Rp5 triliun", 5e12, "IDR"),
        ("5 juta rupiah", 5e6, "IDR"),
        ("₺1.299,50", 1_299.5, "TRY"),
        // Arabic, Persian
        ("١٬٢٣٤٬٥٦٧٫٨٩ دولار", 1_234_567.89, "USD"),
        ("۵ میلیون دلار", 5e6, "USD"),
        ("٥ ملايين دولار", 5e6, "USD"),
        // English
        ("US$5 hundred million", 5e8, "USD"),
        ("$5 MM", 5e6, "USD"),
        ("$5 K", 5e3, "USD"),
        ("$1 000 000 prize", 1e6, "USD"),
        ("A$1.5bn", 1.5e9, "AUD"),
        ("5 millions of dollars", 5e6, "USD"),
        ("MX$ 500", 500.0, "MXN"),
        ("$-300", -300.0, "USD"),
        ("€ \u{2212}1.234,5", -1_234.5, "EUR"),
        ("1.299 billion euros", 1.299e9, "EUR"),
        ("€0,125 each", 0.125, "EUR"),
        ("0,125 BTC", 0.125, "BTC"),
        ("It fell by \u{2212}5,5 % today", -5.5, "%"),
        ("Fiyatlar %12,5 arttı", 12.5, "%"),
        ("٪٥ ارتفاع", 5.0, "%"),
        ("٥٪ ارتفاع", 5.0, "%"),
    ] {
        assert_eq!(amounts(text), [(value, unit.to_owned())], "{text}");
    }
}

#[test]
fn both_ends_of_a_range_have_their_size() {
    for (text, ends, unit) in [
        ("He moved $1,234.56-2,000.00 today", [1_234.56, 2_000.0], "USD"),
        ("$5-10M", [5e6, 10e6], "USD"),
        ("$5 to 10 million", [5e6, 10e6], "USD"),
        ("$5 to $10 million", [5e6, 10e6], "USD"),
        ("$900 to $1.2 million", [900.0, 1.2e6], "USD"),
        ("USD 5-10 million", [5e6, 10e6], "USD"),
        ("€5 bis 10 Mio.", [5e6, 10e6], "EUR"),
        ("₹5-10 lakh", [5e5, 10e5], "INR"),
        ("3〜5億円", [3e8, 5e8], "JPY"),
        ("3~5억 원", [3e8, 5e8], "KRW"),
        ("5M-10M USD", [5e6, 10e6], "USD"),
        ("1 000–2 000 €", [1e3, 2e3], "EUR"),
        ("5–10 Mio. €", [5e6, 10e6], "EUR"),
    ] {
        let wanted = ends.map(|value| (value, unit.to_owned()));
        assert_eq!(amounts(text), wanted, "{text}");
    }
    assert_eq!(amounts("$5M-10"), [(5e6, "USD".to_owned())], "ten of what?");
    let apart = [(5.0, "USD".to_owned()), (10.0, "people".to_owned())];
    assert_eq!(amounts("$5 - 10 people"), apart);
}

#[test]
fn what_can_be_read_two_ways_is_not_read() {
    for text in [
        "€1.299",
        "$5 mil",
        "5 mil dollars",
        "Rp 5 M",
        "500 T€",
        "$1,23,4567",
        "€1'20.50",
        "1'23 CHF",
        "000 €",
        "1 00 000 €",
        "5\u{fe0f}\u{20e3} ETH",
    ] {
        assert_eq!(amounts(text), [], "{text}");
    }
}

#[test]
fn what_nobody_sees_is_no_part_of_a_name() {
    let unseen = "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{fe0f}\u{fe00}\u{202e}\u{2066}\u{e0041}\u{e0100}\
                  \u{34f}\u{180e}\u{1d173}\u{1bca0}\u{115f}";
    let address = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
    for hidden in unseen.chars() {
        let text = format!(
            "${hidden}U{hidden}NI{hidden} #De{hidden}Fi{hidden} @vita{hidden}lik a@b{hidden}.com vita{hidden}lik.eth \
             https://a.co{hidden}m/x {}{hidden}{} 5{hidden}00 ETH",
            &address[..9],
            &address[9..]
        );
        for text in [&*text, &*crate::clean(&text)] {
            let found = find(text);
            assert_eq!(names(&found.cashtags), ["UNI"], "{hidden:?}");
            assert_eq!(names(&found.hashtags), ["defi"], "{hidden:?}");
            assert_eq!(names(&found.mentions), ["vitalik"], "{hidden:?}");
            assert_eq!(names(&found.emails), ["a@b.com"], "{hidden:?}");
            assert_eq!(names(&found.names), ["vitalik.eth"], "{hidden:?}");
            assert_eq!(found.links[0].url, "https://a.com/x", "{hidden:?}");
            assert_eq!(found.addresses[0].address, address, "{hidden:?}");
            assert_eq!((found.amounts[0].value * 10.0).to_string(), "5000", "{hidden:?}");
        }
    }
}

#[test]
fn keys_are_pictures_and_look_alikes_are_others() {
    for text in [
        "#\u{fe0f}\u{20e3}DeFi",
        "#\u{20e3}DeFi",
        "*\u{fe0f}\u{20e3}",
        "$\u{405}OL",
        "$U\u{39d}I",
        "$SO\u{13de}",
        "$UNI\u{301}",
        "$UNI\u{430}",
        "\u{430}$UNI",
        "@vit\u{430}lik",
        "vit\u{430}lik.eth",
        "vitalik.eth\u{430}",
        "vit\u{430}lik@mail.com",
        "\u{430}0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "So11111111111111111111111111111111111111112\u{430}",
    ] {
        let found = find(text);
        let tags = [
            &found.cashtags,
            &found.hashtags,
            &found.mentions,
            &found.emails,
            &found.names,
        ];
        let none = tags.iter().all(|tags| tags.is_empty()) && found.addresses.is_empty();
        assert!(none, "{text}: {found:?}");
    }
    let found = find(
        "#می\u{200c}خواهم #DeFi1\u{fe0f}\u{20e3} #भारत२०२४ #Cafe\u{301} 买$UNI吧 ที่0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    );
    assert_eq!(
        names(&found.hashtags),
        ["می\u{200c}خواهم", "defi", "भारत२०२४", "café"]
    );
    assert_eq!((names(&found.cashtags), found.addresses.len()), (vec!["UNI"], 1));
}

proptest! {
    #[test]
    fn an_amount_is_read_back_in_every_currency(
        whole in 1_u64..1_000_000_000, cents in 1_u32..100, sign in "[$€£₹₩₽₺]", swiss: bool, negative: bool,
    ) {
        let digits = whole.to_string();
        let mark = if swiss { '\'' } else { ',' };
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push(mark);
            }
            grouped.push(digit);
        }
        let minus = if negative { "\u{2212}" } else { "" };
        let text = format!("paid {minus}{sign}{grouped}.{cents:02} today");
        let value: f64 = format!("{whole}.{cents:02}").parse().unwrap();
        let found = amounts(&text);
        prop_assert_eq!(found.len(), 1, "{}", text);
        prop_assert_eq!(found.first().map(|(value, _)| *value), Some(if negative { -value } else { value }), "{}", text);
    }

    #[test]
    fn any_text_is_survived(
        text in "([$€₹%#@0-9., '\u{2019}-]|\\PC|[\u{fe0f}\u{20e3}\u{200b}\u{200d}]| (million|lakh|Mio\\.|万|to) ){0,60}",
    ) {
        for amount in find(&text).amounts {
            prop_assert!(text.get(amount.span.range()).is_some_and(|part| !part.is_empty()));
        }
    }
}
