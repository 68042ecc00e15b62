use super::*;
use proptest::prelude::*;

fn alike(a: &str, b: &str) -> f64 {
    similarity(&Sketch::of(a), &Sketch::of(b))
}

const NEWS: &str = "Uniswap governance passes the fee switch vote with 78 percent in favour, the protocol will share \
                    fees with stakers from next month on";

#[test]
fn copies_are_found() {
    let copies = [
        format!("RT @whale: {NEWS} https://t.co/abc"),
        NEWS.to_uppercase(),
        format!("{}\u{2026}", &NEWS[..70]),
        format!("{}...", &NEWS[..90]),
        format!("BREAKING: {NEWS}!!! @friend"),
    ];
    for copy in copies {
        assert!(alike(NEWS, &copy) >= 0.8, "{copy}: {}", alike(NEWS, &copy));
    }
}

#[test]
fn rewordings_are_closer_than_other_news() {
    let reworded = "Uniswap governance passes fee switch vote with 78 percent in favour, protocol to share fees with \
                    stakers from next month";
    let other = "Uniswap deploys its hooks contracts on the new rollup and audits are published next week";
    assert!(alike(NEWS, reworded) >= 0.6, "{}", alike(NEWS, reworded));
    assert!(alike(NEWS, other) < 0.2, "{}", alike(NEWS, other));
}

#[test]
fn numbers_and_symbols_count() {
    assert!(alike("$UNI up 5%", "$ETH up 7%") < 0.6);
}

#[test]
fn a_short_remark_is_no_cut_copy() {
    assert!(alike(NEWS, "the fee switch") < 0.3);
    assert!(alike(NEWS, "gm") < f64::EPSILON);
}

#[test]
fn scripts_without_blanks() {
    let news = "交易所在热钱包遭到攻击后暂停提现，官方表示用户资产安全";
    assert!(alike(news, "交易所在热钱包遭到攻击后暂停提现，官方表示用户资产…") >= 0.8);
    assert!(alike(news, "以太坊基金会公布新的路线图，升级将于明年进行") < 0.2);
}

#[test]
fn long_texts_are_estimated() {
    let words: Vec<String> = (0..600).map(|n| format!("word{}", n * 7919 % 1000)).collect();
    let (long, half) = (words.join(" "), words[..300].join(" "));
    assert!(
        (0.7..=1.0).contains(&alike(&long, &half)),
        "{}",
        alike(&long, &half)
    );
    let other: Vec<String> = (0..600).map(|n| format!("other{n}")).collect();
    assert!(alike(&long, &other.join(" ")) < 0.1);
}

proptest! {
    #[test]
    fn symmetric_within_bounds_and_one_with_itself(a in "\\PC{0,200}", b in "(\\PC|[a-c] ){0,200}") {
        let (left, right) = (Sketch::of(&a), Sketch::of(&b));
        let there = similarity(&left, &right);
        prop_assert!((0.0..=1.0).contains(&there));
        prop_assert!((there - similarity(&right, &left)).abs() < f64::EPSILON);
        if !left.is_empty() {
            prop_assert!((similarity(&left, &left) - 1.0).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn close_to_the_true_share_of_common_words(common in 20..200_u32, own in 0..200_u32) {
        // Words alone, far apart, so that pairs of words are never common: set sizes are known.
        let text = |who: &str| -> String {
            let shared = (0..common).map(|n| format!("s{n}"));
            shared.chain((0..own).map(|n| format!("{who}{n}"))).collect::<Vec<_>>().join(" ")
        };
        let all = f64::from(2 * common - 1);
        let truth = all / (all + 4.0 * f64::from(own));
        let found = jaccard(&Sketch::of(&text("a")), &Sketch::of(&text("b")));
        prop_assert!((found - truth).abs() < 0.3, "{} {}", found, truth);
    }
}
