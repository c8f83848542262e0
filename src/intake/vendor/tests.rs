//! What the vendor really sends, in small files: packed, written otherwise, of other layouts.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says why")]

use super::cells::{amount, effective_unit_price, seats, sign, unit_price};
use super::{VendorIntake, product_and_sku, read_vendor, show};
use crate::intake::IntakeError;
use crate::intake::tests::{Given, shown_finding};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use termwise_engine::findings::{Code, Table};
use termwise_engine::money::{Currency, Price};
use termwise_engine::reconciling::{Kind, Told, Vendors};

const HEADER: &str = "SubscriptionId,CustomerId,ProductId,SkuId,ChargeType,UnitPrice,BillableQuantity,Subtotal,Currency,\
                      ChargeStartDate,ChargeEndDate,PromotionId";
const ROW: &str = "S1,C1,P,0001,new,12,10,120.00,EUR,2026-11-01T00:00:00Z,2026-11-30T00:00:00Z,";

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn read(given: &Given) -> Result<VendorIntake, IntakeError> {
    read_vendor(&given.inputs, &given.reading(), &())
}

/// Every licence line of a file, with its subscription, customer and item.
fn lines(given: &Given) -> Vec<(String, String, String, Vendors)> {
    let intake = read(given).unwrap();
    let words = intake.shelving.words().texts();
    let mut found = Vec::new();
    for shelves in intake.shelving.shelves() {
        show(shelves, |shelved| {
            for line in shelved.vendors {
                let (product, sku) = product_and_sku(&words[line.entry.item as usize]);
                let item = format!("{product}:{sku}");
                found.push((shelved.subscription.to_owned(), shelved.customer.to_owned(), item, *line));
            }
        });
    }
    found.sort_by(|one, other| (&one.0, one.3.amount).cmp(&(&other.0, other.3.amount)));
    found
}

fn vendor(header: &str, rows: &[&str]) -> Given {
    Given::new().csv(Table::VendorLines, header, rows)
}

fn packed(texts: &[&str]) -> Vec<u8> {
    let member = |text: &&str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    texts.iter().flat_map(member).collect()
}

#[test]
fn an_amount_is_exact_however_it_is_written() {
    let euros = |text| amount(text, currency("EUR"));
    for text in ["-94.08", "'-94.08", "'-94.08'", "-94.080000000000000000", "-9408E-2", "-0094.08"] {
        assert_eq!(euros(text), Ok(-9_408), "{text}");
    }
    for text in ["0", "0.00", "0E-20", "'0E-18", "-0", ".0", "0."] {
        assert_eq!(euros(text), Ok(0), "{text}");
    }
    assert_eq!(amount("120", currency("JPY")), Ok(120));
    assert_eq!(amount("1.234", currency("KWD")), Ok(1_234));
    for text in ["1.234", "0.001", "1E-3", "99999999999999"] {
        assert_eq!(euros(text), Err(Code::AmountTooFine), "{text}");
    }
    for text in ["9223372036854775808", "9223372036855", "1e27"] {
        assert_eq!(unit_price(text), Err(Code::AmountTooFine), "{text}");
        assert_eq!(euros(text), Err(Code::AmountTooFine), "{text}");
    }
    for text in ["", ".", "1,20", "1 200", "€5", "--1", "+-1", "1.2.3", "NaN", "1E", "0x10", "1e5e5"] {
        assert_eq!(euros(text), Err(Code::DecimalInvalid), "{text}");
    }
}

#[test]
fn a_price_is_rounded_to_millionths_and_seats_are_whole() {
    let price = |millionths| Ok(Price::from_millionths(millionths).unwrap());
    assert_eq!(unit_price("10.08"), price(10_080_000));
    assert_eq!(unit_price("-10.08"), price(10_080_000));
    assert_eq!(unit_price("7.728000500000000000"), price(7_728_001));
    assert_eq!(unit_price("7.7280004999"), price(7_728_000));
    assert_eq!(unit_price("'0E-20"), price(0));
    assert_eq!((seats("10"), seats("-10"), seats("10.000"), seats("'10")), (Ok(10), Ok(-10), Ok(10), Ok(10)));
    for text in ["2.5", "1000001", "-1000001", "9999999999999"] {
        assert_eq!(seats(text), Err(Code::NumberInvalid), "{text}");
    }
    assert_eq!((sign("0.0043"), sign("'-4.3E-3"), sign("-0.00"), sign("0E-20"), sign("x")), (1, -1, 0, 0, 0));
    assert_eq!(effective_unit_price("-11.9333333334"), Ok(-119_333_333_334));
    assert_eq!(effective_unit_price("12.00"), Ok(120_000_000_000));
}

#[test]
fn members_of_a_packed_file_are_one_file() {
    let second = ROW.replace("S1", "S2");
    let (head, tail) =
        (format!("\u{feff}{HEADER}\r\n{ROW}\r\nS3,C"), format!("3{}\r\n{second}\r\n", &ROW[5..]));
    let bytes = packed(&[&head, &tail]);
    let given = Given::new().with(Table::VendorLines, "november.csv.gz", &bytes);
    let found: Vec<String> = lines(&given).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(found, ["S1", "S2", "S3"]);
    let facts = &read(&given).unwrap().files[0];
    let hash = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!((facts.bytes, &facts.hash), (bytes.len() as u64, &hash), "what came, not what was made of it");
}

#[test]
fn a_finding_in_a_packed_file_shows_its_row() {
    let text = format!("{HEADER}\n{ROW}\n{}\n", ROW.replace("120.00", "1 200"));
    let given = Given::new().with(Table::VendorLines, "november.csv.gz", packed(&[&text]));
    let intake = read(&given).unwrap();
    let told: Vec<String> = intake.findings.iter().map(shown_finding).collect();
    assert_eq!(told, ["vendor_lines:2:Subtotal decimal-invalid rejected"]);
    let rejects = intake.excerpts(&intake.findings).unwrap();
    assert_eq!((rejects[0].file.as_str(), rejects[0].value.as_str()), ("november.csv.gz", "1 200"));
}

#[test]
fn a_packed_file_that_is_cut_or_spoilt_is_damaged() {
    let bytes = packed(&[&format!("{HEADER}\n{ROW}\n")]);
    let mut spoilt = bytes.clone();
    let place = spoilt.len() - 6;
    spoilt[place] ^= 1;
    for (name, bytes) in
        [("cut", &bytes[..bytes.len() - 4]), ("spoilt", &spoilt[..]), ("none", b"plain text")]
    {
        let given = Given::new().with(Table::VendorLines, "november.csv.gz", bytes);
        assert_eq!(read(&given).map(drop).map_err(|error| error.exit_code()), Err(66), "{name}");
    }
    let given = Given::new().with(Table::VendorLines, "november.parquet.gz", &bytes);
    assert_eq!(read(&given).map(drop).map_err(|error| error.exit_code()), Err(65));
}

#[test]
fn both_namings_and_any_order_of_columns_say_the_same() {
    let camel = "promotionId,chargeEndDate,chargeStartDate,currency,subtotal,billableQuantity,unitPrice,chargeType,skuId,\
                 productId,customerId,subscriptionId,somethingNew";
    let row = ",11/30/2026 12:00:00 AM,11/1/2026,EUR,120.00,10,12,NEW,0001,P,C1,S1,x";
    let blank = "Promotion Id,Charge End Date,Charge Start Date,Currency,Subtotal,Billable Quantity,Unit Price,Charge Type,\
                 Sku Id,Product Id,Customer Id,Subscription Id,Something New";
    assert_eq!(lines(&vendor(HEADER, &[ROW])), lines(&vendor(camel, &[row])));
    assert_eq!(lines(&vendor(HEADER, &[ROW])), lines(&vendor(blank, &[row])));
    let quantity = HEADER.replace("BillableQuantity", "Quantity");
    assert_eq!(lines(&vendor(HEADER, &[ROW])), lines(&vendor(&quantity, &[ROW])));
}

#[test]
fn a_name_written_exactly_goes_before_one_that_is_spelt_alike() {
    for header in [format!("subtotal,{HEADER}"), format!("{HEADER},subtotal")] {
        let row =
            if header.starts_with("subtotal") { format!("999.00,{ROW}") } else { format!("{ROW},999.00") };
        assert_eq!(lines(&vendor(&header, &[&row]))[0].3.amount, 12_000);
    }
}

#[test]
fn what_can_not_be_read_is_counted_with_its_amount() {
    let spoilt = ROW.replace("2026-11-30", "2026-10-30");
    let intake = read(&vendor(HEADER, &[ROW, &spoilt, &ROW.replace("120.00", "x"), "too,short"])).unwrap();
    let unread = &intake.unread;
    assert_eq!((unread.lines, unread.without_amount), (3, 2));
    assert_eq!(unread.sums, [(currency("EUR"), 12_000)]);
}

#[test]
fn known_columns_of_every_layout_are_known() {
    let legacy = "PartnerId,CustomerId,CustomerName,MpnId,ResellerMpnId,OrderId,SubscriptionId,\
                  SyndicationPartnerSubscriptionNumber,OfferId,DurableOfferId,OfferName,SubscriptionStartDate,\
                  SubscriptionEndDate,ChargeStartDate,ChargeEndDate,ChargeType,UnitPrice,Quantity,Amount,\
                  TotalOtherDiscount,Subtotal,Tax,TotalForCustomer,Currency,DomainName,SubscriptionName,\
                  SubscriptionDescription,BillingCycleType";
    let own = "invoice_id,line,line_id,corrects,customer_id,bill_to_id,partner_id,order_id,subscription_id,product_id,\
               sku_id,segment,market,charge_type,charge_start,charge_end,days,cycle_days,term,term_start,term_end,\
               billing_cycle,unit_price,effective_unit_price,quantity,subtotal,currency,discount,promotion_id,\
               promo_code,cost_unit_price,cost_subtotal,margin,tax_code,reference_id,happened_at,reasons";
    for header in [legacy, own] {
        let warnings = read(&vendor(header, &[])).unwrap().warnings;
        let unknown = warnings.iter().filter(|warning| warning.to_string().contains("unknown"));
        assert_eq!(unknown.map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[test]
fn the_billable_quantity_is_the_one_that_counts() {
    let header = HEADER.replace("BillableQuantity", "Quantity,BillableQuantity");
    let found = lines(&vendor(&header, &[&ROW.replace(",12,10,", ",12,99,10,")]));
    assert_eq!(found[0].3.entry.quantity, 10);
}

#[test]
fn a_file_without_a_column_says_nothing_of_it() {
    let without = |name: &str| HEADER.replace(name, "Else");
    let promotion = |header: &str| lines(&vendor(header, &[ROW]))[0].3.entry.promotion;
    assert_eq!(promotion(HEADER), Told::NoPromotion);
    assert_eq!(promotion(&without("PromotionId")), Told::Nothing);
    assert_eq!(lines(&vendor(&without("UnitPrice"), &[ROW]))[0].3.entry.unit_price, None);
    for needed in ["SubscriptionId", "Subtotal", "Currency", "ChargeEndDate", "ProductId", "BillableQuantity"]
    {
        let refused = read(&vendor(&without(needed), &[ROW])).map(drop).unwrap_err();
        assert_eq!(refused.exit_code(), 65, "{needed}");
        assert!(refused.to_string().contains(needed), "{refused}");
    }
}

#[test]
fn a_price_in_another_currency_than_the_amount_is_not_told() {
    let header = format!("{HEADER},PricingCurrency");
    let price = |of: &str| lines(&vendor(&header, &[&format!("{ROW},{of}")]))[0].3.entry.unit_price;
    assert_eq!(price("EUR"), Price::from_millionths(12_000_000));
    assert_eq!(price("USD"), None);
}

#[test]
fn the_legacy_file_names_offers_and_its_own_number_of_the_subscription() {
    let header = "SubscriptionId,SyndicationPartnerSubscriptionNumber,CustomerId,OfferId,DurableOfferId,ChargeType,\
                  UnitPrice,Quantity,Amount,TotalOtherDiscount,Subtotal,Tax,TotalForCustomer,Currency,ChargeStartDate,ChargeEndDate";
    let row =
        "X,S1,C1,O,D,Cycle fee,4.00,2,8.00,0.00,8.00,0,8.00,EUR,2018-02-01T00:00:00,2018-02-28T23:59:00";
    let (id, _, item, line) = lines(&vendor(header, &[row])).remove(0);
    assert_eq!((id.as_str(), item.as_str(), line.amount, line.entry.kind), ("S1", "D:", 800, Kind::Cycle));
    assert_eq!(line.entry.charge.days(), 28);
}

#[test]
fn charge_types_come_in_any_case_and_unknown_ones_change_a_cycle() {
    let kind =
        |word: &str| lines(&vendor(HEADER, &[&ROW.replace(",new,", &format!(",{word},"))]))[0].3.entry.kind;
    for word in ["New", "CYCLECHARGE", "renew", "cycle charge", "ChangeBillingPlan", "extendTerm"] {
        assert_eq!(kind(word), Kind::Cycle, "{word}");
    }
    assert_eq!(
        (kind("CustomerCredit"), kind("addQuantity"), kind("brandNew")),
        (Kind::Credit, Kind::Change, Kind::Change)
    );
}

#[test]
fn ids_of_subscriptions_customers_and_products_go_through_the_map() {
    let map = |ours: &str, vendors: &str| format!("{ours},{vendors}");
    let rows = [map("S9", "S1"), map("C9", "C1"), map("P9:0009", "P:0001")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let given = vendor(HEADER, &[ROW, &ROW.replace("0001", "0002")]).csv(Table::IdMap, "ours,vendors", &rows);
    let found: Vec<(String, String, String)> =
        lines(&given).into_iter().map(|(id, customer, item, _)| (id, customer, item)).collect();
    let line = |item: &str| ("S9".to_owned(), "C9".to_owned(), item.to_owned());
    assert_eq!(found.len(), 2);
    assert!(found.contains(&line("P9:0009")) && found.contains(&line("P:0002")), "{found:?}");
    let product = vendor(HEADER, &[ROW]).csv(Table::IdMap, "ours,vendors", &["P9,P"]);
    assert_eq!(lines(&product)[0].2, "P9:0001");
}
