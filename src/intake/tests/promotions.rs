//! Promotions in CSV and as the vendor's API answers them, and promo codes.

use super::*;
use termwise_engine::catalog::Promotion;
use termwise_engine::ids::{CodeId, ItemId, PromotionId};

const HEADER: &str = "promotion_id,product_id,sku_id,term,billing_cycle,discount,starts_on,ends_on,min_seats,max_seats,\
                      max_redemptions,first_purchase,requires,auto_applicable";

const ITEM: &str = r#"{
    "id": "39NFJQT1PJQB:0001:39NFJQT1Q5KN", "name": "Half off", "description": "x",
    "startDate": "2021-09-23T00:00:00+00:00", "endDate": "2021-10-14T23:59:59+00:00",
    "properties": {"isAutoApplicable": true, "other": 1},
    "requiredProducts": [
      {"productId": "CFQ7TTC0LH18", "skuId": "0001", "term": {"duration": "P1Y", "billingCycle": "Monthly"},
       "pricingPolicies": [{"policyType": "PercentDiscount", "value": 0.167}]},
      {"productId": "CFQ7TTC0LH18", "skuId": "0001", "term": {"duration": "P3Y", "billingCycle": "Triennial"},
       "pricingPolicies": [{"type": "PercentDiscount", "value": "0.50"}]}
    ],
    "promotionConstraints": {
      "seatConstraints": [{"minSeats": 10, "maxSeats": 100, "type": "SubscriptionQuantity"}],
      "assetOwnershipLimits": [{"minAssets": 0, "maxAssets": 3, "type": "LifetimeRedemptionCount"}],
      "eligibilityConstraints": [{"isApplicable": true, "type": "FirstPurchase"}],
      "productOwnershipConstraints": [[{"bigId": "CFQ7TTC0MBMD/0002"}]]
    }
  }"#;

fn all(given: &Given) -> Vec<Promotion> {
    let read = given.read();
    let ids = (0..read.names.shared.promotions.len()).map(PromotionId::of_rank);
    ids.filter_map(|id| read.intake.catalog.promotions.get(id).cloned()).collect()
}

fn json(text: impl AsRef<[u8]>) -> Given {
    Given::new().with(Table::Promotions, "promotions.json", text)
}

#[test]
fn the_vendors_json_says_what_a_csv_file_says() {
    let rows = [
        "39NFJQT1PJQB:0001:39NFJQT1Q5KN,CFQ7TTC0LH18,0001,P1Y,monthly,0.167,2021-09-23,2021-10-14,10,100,3,true,\
         CFQ7TTC0MBMD:0002,true",
        "39NFJQT1PJQB:0001:39NFJQT1Q5KN,CFQ7TTC0LH18,0001,P3Y,upfront,0.5,2021-09-23,2021-10-14,10,100,3,true,\
         CFQ7TTC0MBMD:0002,true",
    ];
    let expected = all(&Given::new().csv(Table::Promotions, HEADER, &rows));
    assert_eq!(expected.len(), 1);
    let list = format!(r#"{{"totalCount": 1, "items": [{ITEM}], "links": {{}}}}"#);
    for text in [list, format!("\u{feff} [{ITEM}]"), ITEM.to_owned()] {
        let given = json(text);
        assert_eq!(given.findings(), Vec::<String>::new());
        assert_eq!(all(&given), expected);
        assert_eq!(given.read().files[0].rows, 2);
    }
}

#[test]
fn an_offset_moves_a_window_to_its_utc_days() {
    let text = ITEM.replace("2021-10-14T23:59:59+00:00", "2021-10-14T23:59:59-07:00");
    let last: Vec<String> =
        all(&json(text)).iter().map(|promotion| promotion.window.last.to_string()).collect();
    assert_eq!(last, ["2021-10-15"]);
}

#[test]
fn what_the_json_says_and_we_do_not_know_refuses_the_row() {
    let cases = [
        (r#""value": 0.167"#, r#""value": 1.67e-1"#, "promotions:1:discount discount-invalid rejected"),
        (r#""value": 0.167"#, r#""value": 5000"#, "promotions:1:discount discount-invalid rejected"),
        (r#""value": 0.167"#, r#""value": null"#, "promotions:1:discount value-missing rejected"),
        (
            "PercentDiscount\", \"value\": 0.167",
            "FlatRate\", \"value\": 0.167",
            "promotions:1:discount discount-invalid rejected",
        ),
        (
            r#""endDate": "2021-10-14"#,
            r#""endDate": "14.10.2021"#,
            "promotions:1:ends_on date-invalid rejected",
        ),
        ("SubscriptionQuantity", "Something", "promotions:1:max_seats number-invalid rejected"),
        ("\"FirstPurchase\"", "\"Something\"", "promotions:1:first_purchase boolean-invalid rejected"),
        ("CFQ7TTC0MBMD/0002", "CFQ7TTC0MBMD", "promotions:1:requires value-unknown rejected"),
        ("Monthly", "OneTime", "promotions:1:billing_cycle value-unknown rejected"),
    ];
    for (from, to, expected) in cases {
        let findings = json(ITEM.replace(from, to)).findings();
        assert_eq!(findings.first().map(String::as_str), Some(expected), "{to}: {findings:?}");
    }
    for text in ["", "{}", "{\"code\": 1}", "[1]", "{\"items\": [", "\u{0}", "nonsense"] {
        assert_eq!(refused(&json(text)).0, 65, "{text:?}");
    }
}

#[test]
fn rows_of_a_promotion_share_their_limits() {
    let rows = [
        "A,P,1,P1Y,,0.1,2026-01-01,2026-12-31,,,,,,",
        "A,P,1,P1M,,0.2,2026-01-01,2026-12-31,,,,,,",
        "B,P,1,P1Y,,0.1,2026-01-01,2026-12-31,,100,,,,",
        "B,P,2,P1Y,,0.1,2026-01-01,2026-12-31,,200,,,,",
        "C,P,1,P1Y,monthly,0.1,2026-01-01,2026-12-31,,,,,P:2;Q:1,",
        "C,P,1,P1Y,monthly,0.2,2026-01-01,2026-12-31,,,,,Q:1; P:2,",
        "D,P,1,P1Y,,0.1,2026-02-01,2026-01-31,,,,,P:2;Q,maybe",
        "E,P,1,P1Y,,15,2026-02-01,9999-12-31,,,,,,",
        "F,P,1,P1Y,,0.15,2026-02-01,9999-12-31,,,,,,false",
        "F,P,1,P1Y,,0.150,2026-02-01,9999-12-31,,,,,,false",
    ];
    let given = Given::new().csv(Table::Promotions, HEADER, &rows);
    let expected = [
        "promotions:3:max_seats promotion-rows-differ rejected",
        "promotions:4:max_seats promotion-rows-differ rejected",
        "promotions:5:discount promotion-rows-differ rejected",
        "promotions:6:discount promotion-rows-differ rejected",
        "promotions:7:auto_applicable boolean-invalid rejected",
        "promotions:7:ends_on date-invalid rejected",
        "promotions:7:requires value-unknown rejected",
        "promotions:8:discount discount-invalid rejected",
    ];
    assert_eq!(given.findings(), expected);
    let offers: Vec<usize> = all(&given).iter().map(|promotion| promotion.offers.len()).collect();
    assert_eq!(offers, [2, 1]);
}

#[test]
fn codes_are_exact_and_for_products() {
    let header = "code,discount,product_id,sku_id,markets,redeem_by,max_licences";
    let rows = [
        "SAVE-10,0.1,P,,NL;BE,2026-12-31,25",
        "save-10,0.1,P,2,,2026-12-31,",
        "ALL,0.1,,,,9999-12-31,",
        "TWICE,0.1,,,,2026-12-31,",
        "TWICE,0.1,,,,2026-12-31,",
        "SKU,0.1,,1,,2026-12-31,",
    ];
    let prices = ["P,1,P1Y,Annual,NL,EUR,1,2020-01-01,,", "Q,1,P1Y,Annual,NL,EUR,1,2020-01-01,,"];
    let given = Given::new().csv(Table::PromoCodes, header, &rows).csv(Table::PriceList, PRICES, &prices);
    let expected = [
        "promo_codes:4:code promo-code-duplicate rejected",
        "promo_codes:5:code promo-code-duplicate rejected",
        "promo_codes:6:product_id value-missing rejected",
    ];
    assert_eq!(given.findings(), expected);
    let read = given.read();
    let items = |text: &str| {
        let id = read.names.shared.codes.rank(text).map(CodeId::of_rank)?;
        read.intake.catalog.codes.get(id).map(|code| code.items.clone())
    };
    let item = ItemId::of_rank;
    assert_eq!(items("SAVE-10"), Some(Some(vec![item(0), item(1)])));
    assert_eq!(items("save-10"), Some(Some(vec![item(1)])));
    assert_eq!(items("ALL"), Some(None));
    assert_eq!(items("TWICE"), None);
}
