use super::*;
use crate::scope::Scope;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000_000;

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn ed25519() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

pub(crate) fn jwk(kid: &str, pair: &Ed25519KeyPair) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key())})
}

pub(crate) fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    format!("{signed}.{}", b64(sign(signed.as_bytes())))
}

pub(crate) fn eddsa(pair: &Ed25519KeyPair, kid: &str, claims: &Value) -> String {
    token(&json!({"alg": "EdDSA", "kid": kid}), claims, |text| {
        pair.sign(text).as_ref().to_vec()
    })
}

fn hs256(secret: &[u8], alg: &str, claims: &Value) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    token(&json!({"alg": alg}), claims, |text| {
        ring::hmac::sign(&key, text).as_ref().to_vec()
    })
}

fn set(keys: &[Value]) -> JwkSet {
    JwkSet::read(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

/// RFC 7515, appendix A: the payload is the same in A.1 to A.3.
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn rfc_7515_a_2_rs256() {
    let key = json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmf\
        HQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63\
        kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXF\
        vUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
        Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN\
        9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWyw\
        lVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let text = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{signature}");
    let token = Token::read(&text).unwrap();
    assert_eq!(token.issuer(), Some("joe"));
    assert_eq!(token.verify(&set(std::slice::from_ref(&key))), Ok(Verdict::Good));
    let mut encrypting = key.clone();
    encrypting["use"] = json!("enc");
    assert_eq!(
        JwkSet::read(json!({"keys": [encrypting]}).to_string().as_bytes()),
        Err(JwkError::NoKey)
    );
    let forged = text.replace("cC4hiUPoj9", "cC4hiUPoj8");
    assert_eq!(
        Token::read(&forged).unwrap().verify(&set(&[key])),
        Err(TokenFault::Signature)
    );
}

#[test]
fn rfc_7515_a_3_es256() {
    let key = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let text = format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{signature}");
    assert_eq!(
        Token::read(&text).unwrap().verify(&set(&[key])),
        Ok(Verdict::Good)
    );
}

#[test]
fn rfc_7515_a_1_hs256() {
    let secret = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let text = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let token = Token::read(&text).unwrap();
    let secrets = [HmacSecret::new(b"another secret"), HmacSecret::new(&secret)];
    assert_eq!(token.verify_hmac(&secrets), Ok(()));
    assert_eq!(token.verify_hmac(&secrets[..1]), Err(TokenFault::Signature));
    assert_eq!(token.verify_hmac(&[]), Err(TokenFault::Signature));
}

#[test]
fn eddsa_and_generated_es256_by_kid() {
    let (first, second) = (ed25519(), ed25519());
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let third = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
    let point = third.public_key().as_ref();
    let third_jwk = json!({"kty": "EC", "crv": "P-256", "kid": "c", "alg": "ES256", "use": "sig",
        "x": b64(&point[1..33]), "y": b64(&point[33..])});
    let keys = set(&[
        jwk("a", &first),
        json!({"kty": "oct", "k": "AAAA"}),
        jwk("b", &second),
        third_jwk,
    ]);
    let verdict = |text: &str| Token::read(text).unwrap().verify(&keys);
    assert_eq!(verdict(&eddsa(&first, "a", &json!({}))), Ok(Verdict::Good));
    assert_eq!(verdict(&eddsa(&second, "b", &json!({}))), Ok(Verdict::Good));
    assert_eq!(
        verdict(&eddsa(&second, "a", &json!({}))),
        Err(TokenFault::Signature)
    );
    assert_eq!(verdict(&eddsa(&second, "z", &json!({}))), Ok(Verdict::UnknownKey));
    let es256 = token(&json!({"alg": "ES256", "kid": "c"}), &json!({}), |text| {
        third.sign(&random, text).unwrap().as_ref().to_vec()
    });
    assert_eq!(verdict(&es256), Ok(Verdict::Good));
    // Without a name, two keys of one kind are not tried in turn.
    let nameless = token(&json!({"alg": "EdDSA"}), &json!({}), |text| {
        first.sign(text).as_ref().to_vec()
    });
    assert_eq!(verdict(&nameless), Ok(Verdict::UnknownKey));
}

#[test]
fn no_algorithm_is_taken_for_another() {
    let pair = ed25519();
    let keys = set(&[jwk("a", &pair)]);
    // The public key as a secret.
    let public = hs256(pair.public_key().as_ref(), "HS256", &json!({}));
    assert_eq!(
        Token::read(&public).unwrap().verify(&keys),
        Err(TokenFault::Algorithm)
    );
    let signed = eddsa(&pair, "a", &json!({}));
    let secrets = [HmacSecret::new(pair.public_key().as_ref())];
    assert_eq!(
        Token::read(&signed).unwrap().verify_hmac(&secrets),
        Err(TokenFault::Algorithm)
    );
    // The key of another kind.
    let other = token(&json!({"alg": "RS256", "kid": "a"}), &json!({}), |text| {
        pair.sign(text).as_ref().to_vec()
    });
    assert_eq!(
        Token::read(&other).unwrap().verify(&keys),
        Err(TokenFault::Algorithm)
    );
    for alg in [
        "none", "None", "NONE", "", "hs256", "HS384", "RS512", "PS256", "ES256K",
    ] {
        let text = hs256(b"x", alg, &json!({}));
        assert_eq!(Token::read(&text).unwrap_err(), TokenFault::Algorithm, "{alg}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let good = hs256(b"x", "HS256", &json!({}));
    let parts: Vec<_> = good.split('.').collect();
    let crit = token(&json!({"alg": "HS256", "crit": ["exp"]}), &json!({}), |_| vec![1]);
    assert_eq!(Token::read(&crit).unwrap_err(), TokenFault::Critical);
    let padded = format!("{}=.{}.{}", parts[0], parts[1], parts[2]);
    let list = format!("{}.{}.{}", parts[0], b64("[]"), parts[2]);
    let twice = format!(
        "{}.{}.{}",
        b64(r#"{"alg":"none","alg":"HS256"}"#),
        parts[1],
        parts[2]
    );
    let long = format!("{}.{}.{}", parts[0], b64(vec![b' '; 16 * 1024]), parts[2]);
    for bad in [
        "",
        "..",
        "a.b",
        "a.b.c.d",
        &good[1..],
        &padded,
        &list,
        &twice,
        &long,
    ] {
        assert_eq!(Token::read(bad).unwrap_err(), TokenFault::Malformed, "{bad}");
    }
    assert!(!Token::looks_like("sbx_00000000_00"));
}

fn checked(claims: &Value) -> Result<(), TokenFault> {
    let expected = Expected {
        audience: vec!["sluicebox".to_owned()],
        leeway: 60_000,
    };
    let text = hs256(b"x", "HS256", claims);
    Token::read(&text).unwrap().check(&expected, NOW)
}

#[test]
fn times_and_audience_are_checked_with_leeway() {
    let second = NOW / 1000;
    let with = |name: &str, value: Value| {
        let mut claims = json!({"exp": second + 10, "aud": "sluicebox"});
        claims[name] = value;
        checked(&claims)
    };
    assert_eq!(with("exp", json!(second + 10)), Ok(()));
    assert_eq!(with("exp", json!(second - 59)), Ok(()));
    assert_eq!(with("exp", json!(second - 60)), Err(TokenFault::Expired));
    assert_eq!(with("exp", json!(-1e300)), Err(TokenFault::Expired));
    assert_eq!(with("exp", json!(1e300)), Ok(()));
    assert_eq!(with("exp", json!(1_700_000_000.5)), Ok(()));
    for bad in [json!("1700000010"), json!(null), json!([])] {
        assert_eq!(with("exp", bad), Err(TokenFault::Malformed));
    }
    assert_eq!(checked(&json!({"aud": "sluicebox"})), Err(TokenFault::NoExpiry));
    for name in ["nbf", "iat"] {
        assert_eq!(with(name, json!(second + 60)), Ok(()));
        assert_eq!(with(name, json!(second + 61)), Err(TokenFault::NotYet));
    }
    assert_eq!(with("aud", json!(["other", "sluicebox"])), Ok(()));
    assert_eq!(with("aud", json!("other sluicebox")), Err(TokenFault::Audience));
    assert_eq!(with("aud", json!([])), Err(TokenFault::Audience));
    assert_eq!(with("aud", json!(7)), Err(TokenFault::Claims));
    assert_eq!(checked(&json!({"exp": second})), Err(TokenFault::Audience));
}

fn caller(subject: &Subject, claims: &Value) -> Result<crate::caller::Caller, TokenFault> {
    let text = hs256(b"x", "HS256", claims);
    Token::read(&text).unwrap().caller(subject)
}

#[test]
fn claims_become_a_caller() {
    let subject = Subject {
        issuer: "sso".to_owned(),
        ..Subject::default()
    };
    let claims = json!({"sub": "ann", "tenant": "acme", "scope": "openid sluicebox:ingest read",
        "sources": ["/shop/*"], "types": "user.* order"});
    let ann = caller(&subject, &claims).unwrap();
    assert_eq!(
        (ann.name.as_str(), ann.tenant.as_deref()),
        ("sso:ann", Some("acme"))
    );
    assert_eq!(ann.scopes, [Scope::Ingest, Scope::Read].into());
    assert!(ann.sources.matches("/shop/eu") && !ann.sources.matches("/bank"));
    assert!(ann.types.matches("order") && !ann.types.matches("payment"));

    let nested = Subject {
        claims: ClaimNames {
            tenant: "https://example.com/tenant".to_owned(),
            scopes: "realm_access.roles".to_owned(),
            ..ClaimNames::default()
        },
        scopes: [Scope::Read].into(),
        ..subject.clone()
    };
    let claims = json!({"sub": "bob", "https://example.com/tenant": "acme",
        "realm_access": {"roles": ["read", "admin", "other"]}});
    let bob = caller(&nested, &claims).unwrap();
    assert_eq!(bob.scopes, [Scope::Read].into(), "the issuer cannot give admin");
    assert!(bob.sources.matches("anything"));
}

#[test]
fn a_claim_is_never_a_tenant_that_it_may_not_be() {
    let open = Subject {
        issuer: "sso".to_owned(),
        ..Subject::default()
    };
    let fixed = Subject {
        tenant: Some("acme".to_owned()),
        ..open.clone()
    };
    let all = Subject {
        tenant: Some("*".to_owned()),
        ..open.clone()
    };
    let none = json!({"sub": "ann"});
    assert_eq!(caller(&open, &none), Err(TokenFault::Tenant));
    assert_eq!(caller(&fixed, &none).unwrap().tenant.as_deref(), Some("acme"));
    assert_eq!(caller(&all, &none).unwrap().tenant, None);
    for bad in [json!("*"), json!("Acme"), json!(""), json!(null), json!(["acme"])] {
        assert_eq!(
            caller(&all, &json!({"sub": "ann", "tenant": bad})),
            Err(TokenFault::Tenant)
        );
    }
    for bad in [
        json!({}),
        json!({"sub": ""}),
        json!({"sub": "a\nb"}),
        json!({"sub": 7}),
    ] {
        assert_eq!(caller(&fixed, &bad), Err(TokenFault::Subject));
    }
    for name in ["scope", "sources", "types"] {
        let mut claims = none.clone();
        claims[name] = json!([1]);
        assert_eq!(caller(&fixed, &claims), Err(TokenFault::Claims));
    }
    let no_sources = caller(&fixed, &json!({"sub": "ann", "sources": []})).unwrap();
    assert!(!no_sources.sources.matches("/shop"));
}
