use super::*;
use proptest::prelude::*;

fn nearness(a: &str, b: &str) -> Nearness {
    compare(&NearText::of(a), &NearText::of(b))
}

const NEWS: &str = "Uniswap governance passes the fee switch vote, the protocol will share fees with stakers from next month on";

#[test]
fn copies_are_the_same_text() {
    let copies = [
        format!("RT @whale: {NEWS} https://t.co/abc"),
        NEWS.to_uppercase(),
        format!("{}\u{2026}", &NEWS[..70]),
        format!("{}...", &NEWS[..90]),
        format!("BREAKING: {NEWS}!!! @friend #defi $UNI"),
        NEWS.replace("the protocol", "protocol"),
        format!("&quot;{NEWS}&quot;"),
    ];
    for copy in copies {
        assert!(
            nearness(NEWS, &copy).is_same(),
            "{copy}: {:?}",
            nearness(NEWS, &copy)
        );
    }
}

#[test]
fn other_scripts() {
    let same = [
        (
            "交易所在热钱包遭到攻击后暂停提现，官方表示用户资产安全",
            "交易所在热钱包遭到攻击后暂停提现，官方表示用户资产…",
        ),
        (
            "Биржа приостановила вывод средств после взлома кошелька",
            "Биржа приостановила вывод средств после взлома кошелька! #крипто",
        ),
        (
            "取引所は攻撃を受けて出金を停止しました",
            "取引所は攻撃を受けて出金を停止しました。",
        ),
    ];
    for (a, b) in same {
        assert!(nearness(a, b).is_same(), "{a} {:?}", nearness(a, b));
    }
    let other = [
        (
            "比特币价格今日上涨突破新高，分析师看好后市",
            "比特币价格今日下跌突破新高，分析师看好后市",
        ),
        (
            "Биржа приостановила вывод средств после взлома кошелька",
            "Биржа не приостановила вывод средств после взлома кошелька",
        ),
    ];
    for (a, b) in other {
        assert!(!nearness(a, b).is_same(), "{a} {:?}", nearness(a, b));
    }
}

#[test]
fn what_differs_in_what_matters_is_not_the_same() {
    let pairs = [
        (
            "Protocol raises $5M in its seed round led by a16z",
            "Protocol raises $50M in its seed round led by a16z",
            Veto::Names,
        ),
        (
            "Acme shares rise after the earnings report today",
            "Acme shares fall after the earnings report today",
            Veto::Direction,
        ),
        (
            "SEC approves the spot ETF after long review process",
            "SEC rejects the spot ETF after long review process",
            Veto::Direction,
        ),
        (
            "The company will merge with its rival this spring",
            "The company will not merge with its rival this spring",
            Veto::Negation,
        ),
        (
            "$UNI breaks out of the long term range this week",
            "$ETH breaks out of the long term range this week",
            Veto::Names,
        ),
        (
            "Alice Miller becomes chief of the central bank board",
            "Robert Brown becomes chief of the central bank board",
            Veto::Names,
        ),
        (
            "Exchange lost customer funds in the attack last night",
            "Exchange lost 300 customer funds in the attack last night",
            Veto::Number,
        ),
    ];
    for (a, b, veto) in pairs {
        let found = nearness(a, b);
        assert_eq!(found.veto, Some(veto), "{a}");
        assert!(found.similarity > 0.5 && !found.is_same(), "{a} {found:?}");
    }
}

#[test]
fn short_remarks_are_the_same_only_if_equal() {
    assert!(nearness("gm", "GM!").is_same());
    assert!(!nearness("to the moon", "to the moon soon").is_same());
    assert!(!nearness(NEWS, "the fee switch").is_same());
}

#[test]
fn the_index_finds_copies_among_many() {
    let mut index = NearIndex::default();
    let texts: Vec<NearText> = (0..2_000)
        .map(|n| NearText::of(&format!("{n} a{n} b{n} c{n} d{n} news of today")))
        .collect();
    for (id, text) in texts.iter().enumerate() {
        index.add(id, text);
    }
    let copy = NearText::of("RT @x: 77 a77 b77 c77 d77 news of today http://t.co/a");
    assert_eq!(index.candidates(&copy).first(), Some(&77));
    for (id, text) in texts.iter().enumerate() {
        index.remove(id, text);
    }
    assert!(index.is_empty());
}

proptest! {
    #[test]
    fn any_text_is_like_itself(text in "\\PC{0,200}|([a-c交易0-9$#@!\u{2026} ]{0,8} ){0,20}", other in "([a-c0-9 ]{0,8} ){0,9}") {
        let (near, other) = (NearText::of(&text), NearText::of(&other));
        if !near.is_empty() {
            prop_assert!(compare(&near, &near).is_same());
        }
        let there = compare(&near, &other);
        let back = compare(&other, &near);
        prop_assert!((0.0..=1.001).contains(&there.similarity));
        prop_assert!((there.similarity - back.similarity).abs() < 1e-6);
        prop_assert_eq!(there.veto, back.veto);
    }

    #[test]
    fn a_value_is_small_and_read_back(text in "(\\PC{1,12} ){0,2000}") {
        let near = NearText::of(&text);
        let bytes = rmp_serde::to_vec(&near).unwrap();
        prop_assert!(bytes.len() < 2_500, "{}", bytes.len());
        prop_assert_eq!(rmp_serde::from_slice::<NearText>(&bytes).unwrap(), near);
    }
}
