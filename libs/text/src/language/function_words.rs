//! Function words of the languages in Latin script: short, frequent, and decisive for short posts.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Number of languages in Latin script that compete.
pub(super) const COUNT: usize = 20;
/// One vote a language, indexed as [`CODES`].
pub(super) type Votes = [f32; COUNT];

/// ISO 639-1 codes; the place is the index of a vote.
pub(super) const CODES: [&str; COUNT] = [
    "en", "es", "pt", "fr", "it", "de", "nl", "sv", "da", "no", "fi", "pl", "cs", "ro", "hu", "tr", "id",
    "vi", "ca", "tl",
];

/// The index of an ISO 639-1 code.
pub(super) fn index_of(code: &str) -> Option<usize> {
    CODES.iter().position(|known| *known == code)
}

/// Function words in the order of [`CODES`].
const WORDS: [&str; COUNT] = [
    "the of and to in is that for it on with as was are by this be at from or have an not you we they but his \
     her will has more their which can all new about up out if when who what there your its been one would no \
     so do how just get us my me over after before than i he she them were had our any because into now only \
     don't it's i'm could should did says said",
    "el la los las de que y en un una es por con para del se no su al lo como más pero sus le ya o este sí \
     porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno \
     les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras fue ha son está ser \
     tiene años",
    "o a os as de que e em um uma é por com para do da dos das se não seu sua ao no na nos nas como mais mas \
     foi ele ela isso são pelo pela até quando muito já também só ou tem ser você há está eu meu minha depois \
     sem mesmo aos seus quem foram ano anos pelos ter essa",
    "le la les de des du et en un une est que qui dans pour par sur au aux avec ce ces cette il elle nous vous \
     ils ne pas plus se son sa ses mais ou où on été sont comme leur leurs tout tous être fait ont d'un d'une \
     c'est qu'il deux très aussi même entre sans je y l'on",
    "il lo la i gli le di che e in un una è per con da del della dei delle al alla si non sono su come più ma \
     ha anche nel nella se dal dalla questo questa ci era essere stato ed o ai sul sulla degli tra anni due \
     suo sua loro io hanno dell nell perché quando molto cui",
    "der die das und in zu den von mit ist des im für auf dem nicht ein eine als auch es an werden aus er hat \
     dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur \
     bis mehr durch man sein wurde sei ich wir ihr uns kann wenn unter diese",
    "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit nog naar door \
     over ze hij wordt worden werd tot hebben heeft had deze dit meer kan geen wel was zich zo hun die ik je \
     we wij u al moet mijn onder veel",
    "och i att det som en på är av för med den till inte om ett han men de har var sig från så vi kan när år \
     under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra mycket än \
     här då jag du mig dig",
    "og i at det er en til af på den for med der ikke som et de har han var jeg men om sig fra vi kan ved efter \
     også eller nu sin hvor mod skal ville kommer ud får være havde alle andre meget end her da hun deres blev \
     hvad",
    "og i å det er en til av på den for med som ikke et de har han var jeg men om seg fra vi kan ved etter også \
     eller nå sin hvor mot skal ville kommer ut får være hadde alle andre mye enn her da hun deres ble hva blir",
    "ja on ei se että oli hän mutta ovat kun niin joka tai kuin myös sen ole ollut sekä mukaan vain hänen nyt \
     jo ne voi jos jotka vielä siitä tämä mitä minä sinä me tässä mukaan vuoden olla",
    "w i na z do się nie to że o jest jak po za od a przez ale dla są co tak być oraz ma już tym tego może było \
     tylko był która który które czy jego lub przy pod ze jej także bardzo mnie ten ich go by będzie więc",
    "a v se na je že s z do o i to k ve pro za by ale si po jako jsou od které který která však jeho tak podle \
     při nebo už byl být jen co bylo jsem až má není aby mezi jejich také než",
    "și în de la cu a o un pe că nu din este pentru se sunt mai au fost care ce să prin dar după ca am ale său \
     al lui sau cum această acest fi când foarte fără ei iar",
    "a az és hogy nem is egy meg ez de van csak már el ki volt mint még ha azt be kell vagy fel lesz ezt sem \
     minden pedig lehet után nagyon között szerint le amely aki",
    "ve bir bu da de için ile çok olarak daha olan gibi kadar ne en var sonra değil ama o ki mi her ya veya \
     şu ben sen biz siz onun bunu oldu göre yeni tarafından ancak diye hem iki şey nasıl",
    "dan yang di ini itu dengan untuk dari pada tidak ada akan ke dalam adalah juga saya kami oleh karena \
     mereka bisa atau sudah telah kita anda lebih sebagai tersebut dapat bahwa seperti saat lagi para orang \
     menjadi hanya secara nya tapi masih kepada",
    "là và của có cho không được một các trong với những này đã người đó cũng để khi ra về đến từ như sẽ tại \
     vào nhiều trên phải nhưng hơn tôi bị rất năm làm còn thì mà",
    "el la els les de i que a en un una és per amb no del al dels als es més com però seu seva va ha ser són \
     aquest aquesta també fins molt quan sense sobre entre hi on ja ho",
    "ang ng sa na mga at ay ako ko mo ka siya niya ito iyon hindi para kung may si ni po naman lang din rin kaya \
     pero kasi dahil tayo sila natin nila wala mayroon",
];

/// Which languages use a word, one bit a language.
static USERS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut users: HashMap<&str, u32> = HashMap::new();
    for (index, words) in WORDS.iter().enumerate() {
        for word in words.split_whitespace() {
            *users.entry(word).or_default() |= 1 << index;
        }
    }
    users
});

/// Votes by function words: a word counts the less the more languages share it.
pub(super) fn votes(prose: &str) -> Votes {
    let mut votes = [0.0; COUNT];
    for word in prose
        .split(|c: char| !(c.is_alphabetic() || c == '\''))
        .filter(|word| !word.is_empty())
    {
        if let Some(&users) = USERS.get(word) {
            let shared = users.count_ones();
            let weight = 1.0 / f32::from(u8::try_from(shared * shared).unwrap_or(u8::MAX)).sqrt();
            (0..COUNT)
                .filter(|index| users & (1 << index) != 0)
                .for_each(|index| votes[index] += weight);
        }
    }
    votes
}
