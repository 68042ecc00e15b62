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
