use super::*;
use proptest::prelude::*;

fn code(text: &str) -> Option<&'static str> {
    detect(text).map(|language| language.code)
}

#[test]
fn what_machines_write_is_read_by_its_words() {
    for text in [
        "Replication to db-3 is 95s behind the primary",
        "CPU above 99% on node-7 for 5m",
        "Disk usage 95% on db-3",
        "Memory usage high on web-1",
        "Replica db-2 down",
        "Error 500 in checkout after deploy 2024.1",
        "sooooooo goooood, to the mooooon",
    ] {
        assert_eq!(code(text), Some("en"), "{text}");
    }
    assert_eq!(code("95% db-3 10.0.0.7"), None);
    assert_eq!(
        code("Error: Die Verbindung zur Datenbank ist abgebrochen"),
        Some("de")
    );
    assert_eq!(code("Le cache est plein, le serveur ne répond plus"), Some("fr"));
    assert_eq!(code("价格在24小时内上涨了5%"), Some("zh"));
}

#[test]
fn sentences_of_many_languages() {
    let samples = [
        (
            "en",
            "The exchange paused withdrawals after the attack on its hot wallet",
        ),
        (
            "es",
            "El intercambio detuvo los retiros después del ataque a su billetera",
        ),
        (
            "pt",
            "A corretora suspendeu os saques depois do ataque à sua carteira",
        ),
        (
            "fr",
            "La plateforme a suspendu les retraits après l'attaque de son portefeuille",
        ),
        (
            "it",
            "La piattaforma ha sospeso i prelievi dopo l'attacco al suo portafoglio",
        ),
        (
            "de",
            "Die Börse hat nach dem Angriff auf ihre Wallet alle Auszahlungen gestoppt",
        ),
        (
            "nl",
            "De beurs heeft na de aanval op haar wallet alle opnames stopgezet",
        ),
        ("pl", "Giełda wstrzymała wypłaty po ataku na jej portfel"),
        (
            "tr",
            "Borsa, cüzdanına yapılan saldırıdan sonra para çekme işlemlerini durdurdu",
        ),
        (
            "id",
            "Bursa itu menghentikan penarikan setelah serangan pada dompet mereka",
        ),
        ("vi", "Sàn giao dịch đã tạm dừng rút tiền sau vụ tấn công"),
        ("zh", "交易所在热钱包遭到攻击后暂停提现"),
        ("ja", "取引所は攻撃を受けて出金を停止しました"),
        ("ko", "거래소는 공격 이후 출금을 중단했습니다"),
        ("ru", "Биржа приостановила вывод средств после атаки"),
        ("uk", "Біржа призупинила виведення коштів після атаки"),
        ("ar", "أوقفت المنصة عمليات السحب بعد الهجوم على محفظتها"),
        ("fa", "صرافی پس از حمله به کیف پول خود برداشت‌ها را متوقف کرد"),
        ("th", "ตลาดหยุดการถอนเงินหลังการโจมตี"),
        ("hi", "हमले के बाद एक्सचेंज ने निकासी रोक दी"),
    ];
    for (want, text) in samples {
        assert_eq!(code(text), Some(want), "{text}");
    }
}

#[test]
fn product_names_do_not_outvote_ideographs() {
    assert_eq!(code("以太坊上的 Uniswap V4 今天正式上线"), Some("zh"));
}

#[test]
fn nothing_to_read_has_no_language() {
    for text in [
        "",
        "   ",
        "123 456",
        "🚀🚀",
        "$UNI $ETH https://example.com/the/of/and",
    ] {
        assert_eq!(detect(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_stays_in_bounds(text in "\\PC{0,300}") {
        if let Some(language) = detect(&text) {
            prop_assert!((0.0..=1.0).contains(&language.confidence));
            prop_assert_eq!(language.code.len(), 2);
        }
    }
}
