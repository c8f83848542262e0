//! What the vendor sells beside licences and bills in the same file: a reconciliation has to see that it is none.

use super::line::{Charged, Ids};
use termwise_engine::calendar::Period;
use termwise_engine::money::Kept;

/// Something that is no licence.
#[derive(Debug)]
struct Sold {
    product: &'static str,
    sku: &'static str,
    title: &'static str,
    description: &'static str,
    term: &'static str,
    meter: &'static str,
    unit: &'static str,
    quantity: &'static str,
    /// In major units of whatever currency.
    amount: i64,
    is_reserved: bool,
    is_endless: bool,
}

static SOLD: [Sold; 6] = [
    Sold {
        meter: "Virtual Machines Dv5 - D2s v5 - EU West",
        unit: "1 Hour",
        quantity: "720",
        ..sold("DZH318Z0BPS6", "0001", "Azure plan", "", 84)
    },
    Sold {
        meter: "Blob Storage - Hot LRS Data Stored - EU West",
        unit: "1 GB/Month",
        quantity: "412.75",
        ..sold("DZH318Z0BPS6", "0001", "Azure plan", "", 9)
    },
    Sold {
        description: "Reserved VM Instance",
        is_reserved: true,
        ..sold(
            "DZH318Z0BQ3Q",
            "00F5",
            "Reserved VM Instance, Standard_D2s_v5, EU West, 1 Year",
            "1 Year",
            497,
        )
    },
    sold("DZH318Z08C5K", "000L", "Savings plan for compute", "1 Year Savings Plan", 730),
    Sold {
        description: "Perpetual software",
        is_endless: true,
        ..sold("DG7GMGF0FKX9", "0003", "SQL Server 2022 Standard - 2 Core License Pack", "", 3_586)
    },
    sold("DG7GMGF0D7HX", "0002", "Windows Server 2025 CAL, 1 User, subscription", "1 Year Subscription", 33),
];

const fn sold(
    product: &'static str,
    sku: &'static str,
    title: &'static str,
    term: &'static str,
    amount: i64,
) -> Sold {
    Sold {
        product,
        sku,
        title,
        description: title,
        term,
        meter: "",
        unit: "",
        quantity: "1",
        amount,
        is_reserved: false,
        is_endless: false,
    }
}

/// So many of them there are.
pub(super) const ALL: usize = SOLD.len();

/// One of them, sold to the customer of a line.
pub(super) fn beside(line: &Charged, number: usize, ids: &Ids) -> (Charged, &'static str) {
    let sold = &SOLD[number % ALL];
    let id = ids.guid(sold.title, &format!("{}:{number}", line.subscription));
    let subtotal = sold.amount * 10_i64.pow(line.currency.digits());
    let price = sold.amount * 1_000_000;
    let charged = Charged {
        // What was bought for ever is an order and no subscription.
        subscription: if sold.is_endless { String::new() } else { id.clone() },
        order: ids.guid("order", &id),
        product: sold.product.to_owned(),
        sku: sold.sku.to_owned(),
        title: sold.title.to_owned(),
        description: sold.description.to_owned(),
        charge_type: "new",
        unit_price: price,
        kept: Kept::ALL,
        effective: i128::from(price) * 10_000,
        quantity: sold.quantity.to_owned(),
        seats: 1,
        subtotal,
        adjustments: Vec::new(),
        charge: Period { first: line.charge.first, last: line.charge.first.plus_days(29) },
        is_endless: sold.is_endless,
        term_and_cycle: sold.term.to_owned(),
        frequency: "",
        unit: sold.unit,
        meter: sold.meter,
        reservation: if sold.is_reserved { ids.guid("reservation", &id) } else { String::new() },
        promotion: String::new(),
        ..line.clone()
    };
    (charged, sold.title)
}
