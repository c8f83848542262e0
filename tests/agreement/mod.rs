//! What a published run and the oracle say of one book, row by row.

use crate::common::Table;
use crate::oracle::Answer;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Everything in which the lines, renewals and rejects of a run differ from the oracle's; nothing where they agree.
pub(crate) fn differences(folder: &Path, answer: &Answer) -> String {
    let pairs = tied(answer.lines.iter().map(|line| line.pair.map(|pair| pair.to_string())).collect());
    let lines = answer.lines.iter().cloned().zip(pairs).map(|(line, pair)| {
        vec![
            line.customer_id,
            line.subscription_id,
            line.product_id,
            line.sku_id,
            line.charge_type,
            line.charge_start,
            line.charge_end,
            line.term_start,
            line.term_end,
            line.unit_price,
            line.effective_unit_price,
            line.quantity,
            line.subtotal,
            line.currency,
            line.discount,
            line.promotion_id,
            line.promo_code,
            pair,
        ]
    });
    let names = "customer_id,subscription_id,product_id,sku_id,charge_type,charge_start,charge_end,term_start,term_end,\
                 unit_price,effective_unit_price,quantity,subtotal,currency,discount,promotion_id,promo_code,\
                 reference_id";
    let mut told = compare("invoice_lines", names, folder, lines.collect());
    let renewals = answer.renewals.iter().cloned().map(|row| {
        vec![
            row.subscription_id,
            row.outcome,
            row.renewal_date,
            row.term,
            row.billing_cycle,
            row.quantity,
            row.list_unit_price,
            row.unit_price_before,
            row.unit_price_after,
            row.promotion_before,
            row.promotion_after,
            row.amount_before,
            row.amount_after,
            row.change,
            row.change_percent,
            row.billed,
        ]
    });
    let names = "subscription_id,outcome,renewal_date,term,billing_cycle,quantity,list_unit_price,unit_price_before,\
                 unit_price_after,promotion_before,promotion_after,amount_before,amount_after,change,change_percent,billed";
    told += &compare("renewals", names, folder, renewals.collect());
    let rejects = answer.rejects.iter().map(|reject| {
        // The oracle has one code for both kinds of ambiguity (C12).
        let seats = reject.file == "seat_changes" && reject.code == "events-ambiguous";
        let code = if seats { "seats-ambiguous" } else { &reject.code };
        vec![
            format!("{}.csv", reject.file),
            reject.row.to_string(),
            reject.disposition.clone(),
            code.to_owned(),
        ]
    });
    told + &compare("rejects", "file,row,disposition,code", folder, rejects.collect())
}

/// For each line the numbers of the lines that its reference ties: what the reference is called means nothing.
fn tied(references: Vec<Option<String>>) -> Vec<String> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (number, reference) in references.iter().enumerate() {
        if let Some(reference) = reference {
            lines.entry(reference).or_default().push((number + 1).to_string());
        }
    }
    let of = |reference: &Option<String>| reference.as_ref().and_then(|it| lines.get(it.as_str()));
    references.iter().map(|reference| of(reference).map_or_else(String::new, |all| all.join("+"))).collect()
}

fn compare(table: &str, names: &str, folder: &Path, mut theirs: Vec<Vec<String>>) -> String {
    let names: Vec<String> = names.split(',').map(str::to_owned).collect();
    let mut ours = Table::read(&folder.join(format!("{table}.csv"))).columns(&names);
    if let Some(place) = names.iter().position(|name| name == "reference_id") {
        let texts = ours.iter().map(|row| row.get(place).filter(|text| !text.is_empty()).cloned());
        let pairs = tied(texts.collect());
        for (row, pair) in ours.iter_mut().zip(pairs) {
            row.truncate(place);
            row.push(pair);
        }
    }
    if table == "rejects" {
        ours.sort();
        theirs.sort();
    }
    if ours == theirs {
        return String::new();
    }
    let mut told = format!("  {table}: {} ours, {} the oracle's\n", ours.len(), theirs.len());
    for row in ours.iter().filter(|row| !theirs.contains(row)).take(12) {
        writeln!(told, "    ours   {}", row.join(",")).expect("text");
    }
    for row in theirs.iter().filter(|row| !ours.contains(row)).take(12) {
        writeln!(told, "    oracle {}", row.join(",")).expect("text");
    }
    told
}
