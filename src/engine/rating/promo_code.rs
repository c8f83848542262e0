//! Whether a promo code counts: the checks in their order, the first that fails is the reason (R38 to R40, B23, B24).
//!
//! A code that counts lasts exactly as long as the purchase's own term (R41, B25): the billing month of a P1M, the billing
//! year of a P1Y, the whole of a P3Y. It never renews.

use crate::book::{Origin, Redemption, Subscription};
use crate::catalog::{PromoCode, PromoCodes};
use crate::findings::Code;
use crate::ids::OrderId;

/// Judges a redemption for a subscription. `claimed` is the order in which the customer first used the code (B24).
///
/// # Errors
/// The code of the first check that fails.
pub fn judge<'a>(
    redemption: &Redemption,
    row: &Subscription,
    codes: &'a PromoCodes,
    claimed: Option<OrderId>,
) -> Result<&'a PromoCode, Code> {
    let Some(code) = codes.get(redemption.code) else { return Err(Code::PromoCodeUnknown) };
    let entered = redemption.entered_at.day();
    let ordered = row.ordered_at.map_or(row.term_start, |at| at.day());
    if row.origin != Origin::Purchase || entered > ordered {
        return Err(Code::PromoCodeNotNew);
    }
    if code.redeem_from.is_some_and(|first| entered < first) {
        return Err(Code::PromoCodeNotYet);
    }
    if entered > code.redeem_by {
        return Err(Code::PromoCodeExpired);
    }
    if !code.markets.is_empty() && !code.markets.contains(&row.market) {
        return Err(Code::PromoCodeWrongRegion);
    }
    if code.items.as_ref().is_some_and(|items| !items.contains(&row.item)) {
        return Err(Code::PromoCodeWrongProduct);
    }
    match (claimed, redemption.order) {
        (Some(first), Some(order)) if first != order => Err(Code::PromoCodeOtherOrder),
        (Some(_) | None, _) => Ok(code),
    }
}
