//! What people write, in four languages. `{t}` is the token, `{n}` a number.
//!
//! What a rule looks for stands in the first half of each text, since copies are cut and changed in the second; and no
//! text says anything that another rule looks for.

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// An attack on the token: `token_attack` 25, and 20 where it is named.
    Attack,
    /// An attack, withdrawals stopped, and a whale gone before: 25 + 20 + 20 + 15.
    Catastrophe,
    /// A launch: 20.
    Launch,
    /// A large holder moves: 15.
    Whale,
    /// Nothing in particular.
    Plain,
    /// Spam: -25.
    Spam,
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    Spanish,
    Russian,
    Chinese,
}

impl Tongue {
    pub(super) const ALL: [Self; 4] = [Self::English, Self::Spanish, Self::Russian, Self::Chinese];
}

impl Theme {
    /// Points of the text with a cashtag, an address, or both, as the rules in `rules/scoring` give them.
    pub(super) const fn points(self, cashtag: bool, address: bool) -> i32 {
        let named = cashtag || address;
        let named_attack = if named { 20 } else { 0 };
        let theme = match self {
            Self::Attack => 25 + named_attack,
            Self::Catastrophe => 25 + named_attack + 20 + if cashtag { 15 } else { 0 },
            Self::Launch => {
                if named {
                    20
                } else {
                    0
                }
            }
            Self::Whale => {
                if cashtag {
                    15
                } else {
                    0
                }
            }
            Self::Plain => 0,
            Self::Spam => -25,
        };
        theme + if cashtag { 5 } else { 0 } + if address { 5 } else { 0 }
    }
}

/// The text; where a theme is not written in a language, in English.
pub(super) const fn text(theme: Theme, tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => english(theme),
        Tongue::Spanish => spanish(theme),
        Tongue::Russian => russian(theme),
        Tongue::Chinese => chinese(theme),
    }
}

const fn english(theme: Theme) -> &'static str {
    match theme {
        Theme::Attack => {
            "Somebody exploited the {t} staking contract early this morning and moved about {n} million dollars to a \
             fresh wallet, the team asks everyone to revoke their approvals while they trace the funds"
        }
        Theme::Catastrophe => {
            "{t} hacked and withdrawals suspended, a whale pulled out before the announcement while ordinary holders \
             cannot reach their deposits and support has been silent for {n} hours now"
        }
        Theme::Launch => {
            "{t} launches its network on Thursday after {n} months of testing, the foundation hands out the validator \
             handbook and opens the bridge for early community members next week"
        }
        Theme::Whale => {
            "A whale moved {n} thousand {t} to an exchange wallet an hour ago, traders on the desk wonder whether the \
             large holder wants to sell or simply changes custody"
        }
        Theme::Plain => {
            "Been reading the {t} documentation all weekend, the part about fees is clearer than I thought and the \
             examples from page {n} work on my machine"
        }
        Theme::Spam => {
            "Guaranteed profit with {t}, our private group tripled {n} accounts last month, write a message tonight \
             because the door is open for serious investors only"
        }
    }
}

const fn spanish(theme: Theme) -> &'static str {
    match theme {
        Theme::Attack => {
            "Hackeo confirmado en el contrato de {t}: desaparecieron unos {n} millones de dólares durante la noche y el \
             equipo pide a todos revocar los permisos de sus carteras cuanto antes"
        }
        Theme::Launch => {
            "El lanzamiento de la red de {t} llega el jueves tras {n} meses de pruebas, la fundación reparte el manual \
             de validadores y abre el puente para los primeros miembros de la comunidad"
        }
        Theme::Whale => {
            "Una ballena movió {n} mil {t} a la cartera de una bolsa hace una hora, los operadores se preguntan si \
             quiere vender o si simplemente cambia de custodia"
        }
        Theme::Plain => {
            "Estuve leyendo la documentación de {t} todo el fin de semana, la parte sobre comisiones es más clara de lo \
             que pensaba y los ejemplos de la página {n} funcionan en mi equipo"
        }
        Theme::Spam => {
            "Ganancias garantizadas con {t}, nuestro grupo privado triplicó {n} cuentas el mes pasado, escribe un \
             mensaje esta noche porque la puerta está abierta para inversores serios"
        }
        Theme::Catastrophe => english(theme),
    }
}

const fn russian(theme: Theme) -> &'static str {
    match theme {
        Theme::Attack => {
            "Взлом контракта {t}: ночью со счетов исчезло около {n} миллионов долларов, команда просит всех \
             пользователей отозвать разрешения и не отправлять новые средства до конца проверки"
        }
        Theme::Launch => {
            "Запуск основной сети {t} состоится в четверг после {n} месяцев испытаний, фонд раздаёт руководство для \
             валидаторов и открывает мост первым участникам сообщества"
        }
        Theme::Whale => {
            "Крупный кит перевёл {n} тысяч {t} на кошелёк биржи час назад, трейдеры гадают, хочет ли владелец продать \
             монеты или просто меняет место хранения"
        }
        Theme::Plain => {
            "Читал документацию {t} все выходные, часть про комиссии оказалась понятнее, чем я думал, а примеры со \
             страницы {n} работают на моей машине без изменений"
        }
        Theme::Spam => {
            "Гарантированно растёт доход вместе с {t}, наша закрытая группа утроила {n} счетов за прошлый месяц, пишите \
             сегодня вечером, потому что дверь открыта только для серьёзных людей"
        }
        Theme::Catastrophe => english(theme),
    }
}

const fn chinese(theme: Theme) -> &'static str {
    match theme {
        Theme::Attack => {
            "{t} 的质押合约今天凌晨被盗，大约 {n} 百万美元转移到了新的钱包地址，项目团队请所有用户尽快取消授权并等待进一步的调查结果"
        }
        Theme::Catastrophe => {
            "{t} 被盗并且暂停提币，一个巨鲸在公告之前已经转走全部资产，普通持有人目前无法取回存款，客服已经 {n} 小时没有任何回应"
        }
        Theme::Launch => {
            "{t} 主网将在本周四上线，经过 {n} 个月的测试之后，基金会分发验证人手册并且向早期社区成员开放跨链桥的使用权限"
        }
        Theme::Whale => {
            "一个巨鲸在一小时前把 {n} 千枚 {t} 转到交易所钱包，交易员们都在猜测这位大户是想卖出还是只是更换托管方式而已"
        }
        Theme::Plain => {
            "整个周末都在读 {t} 的文档，关于手续费的部分比我想的更清楚，第 {n} 页的例子在我的电脑上可以直接运行没有问题"
        }
        Theme::Spam => {
            "稳赚不赔的 {t} 机会，我们的私密小组上个月让 {n} 个账户翻了三倍，今晚就写消息给我们，大门只对认真的投资人打开"
        }
    }
}
