//! Sums of effects, counted while they are made: what every group-by must tie with.

use super::EffectRow;
use std::collections::BTreeMap;
use termwise_engine::calendar::Month;
use termwise_engine::money::Currency;
use termwise_engine::repricing::Cause;

/// What the effects of a proposal in a currency come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// Today, in minor units.
    pub before: i128,
    /// Under the proposal.
    pub after: i128,
    /// By cause.
    pub causes: [i128; Cause::ALL.len()],
    /// Subscriptions with a charge.
    pub subscriptions: u64,
    /// Subscriptions with a change.
    pub changed: u64,
    /// All numbers without their signs: no sum over any of the rows is further from zero.
    pub weight: i128,
}

impl Sum {
    /// What changes.
    pub const fn change(&self) -> i128 {
        self.after - self.before
    }

    /// What the sums of groups come to: without rows and weight, which groups do not count.
    pub const fn of_groups(self) -> Sum {
        Sum { weight: 0, rows: 0, ..self }
    }

    fn add(&mut self, other: &Sum) {
        self.rows += other.rows;
        self.before += other.before;
        self.after += other.after;
        self.causes.iter_mut().zip(other.causes).for_each(|(sum, one)| *sum += one);
        self.subscriptions += other.subscriptions;
        self.changed += other.changed;
        self.weight += other.weight;
    }
}

/// The sums of every proposal in every currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tallied {
    /// By currency and proposal.
    pub sums: BTreeMap<(Currency, u16), Sum>,
    /// Subscriptions by the month in which their first day of effect lies.
    pub first_effects: BTreeMap<(Currency, u16, Month), u64>,
    /// Subscriptions with a charge that is compared under any of the proposals.
    pub subscriptions: BTreeMap<Currency, u64>,
}

impl Tallied {
    /// Of some rows, those of a subscription one after the other.
    pub fn of(rows: &[EffectRow]) -> Tallied {
        let mut tallied = Tallied::default();
        for same in rows.chunk_by(|one, other| one.subscription == other.subscription) {
            if let Some(first) = same.first() {
                *tallied.subscriptions.entry(first.currency).or_default() += 1;
            }
        }
        for row in rows {
            let effect = &row.effect;
            let sum = tallied.sums.entry((row.currency, row.proposal)).or_default();
            let causes = effect.causes.map(i128::from);
            let weight = i128::from(effect.before).abs() + i128::from(effect.after).abs();
            let weight = weight + causes.iter().map(|cause| cause.abs()).sum::<i128>();
            sum.add(&Sum {
                rows: 1,
                before: effect.before.into(),
                after: effect.after.into(),
                causes,
                subscriptions: row.counts.of_subscription[0].into(),
                changed: row.counts.of_subscription[1].into(),
                weight,
            });
            if let (Some(first), [_, true]) = (row.effective_on, row.counts.of_subscription) {
                let key = (row.currency, row.proposal, Month::from(first));
                *tallied.first_effects.entry(key).or_default() += 1;
            }
        }
        tallied
    }

    /// Adds others.
    pub fn add(&mut self, other: &Tallied) {
        for (key, sum) in &other.sums {
            self.sums.entry(*key).or_default().add(sum);
        }
        for (key, count) in &other.first_effects {
            *self.first_effects.entry(*key).or_default() += count;
        }
        for (currency, count) in &other.subscriptions {
            *self.subscriptions.entry(*currency).or_default() += count;
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.sums.values().map(|sum| sum.rows).sum()
    }

    /// The currencies, in order.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut found: Vec<Currency> = self.sums.keys().map(|(currency, _)| *currency).collect();
        found.dedup();
        found
    }

    /// What a proposal comes to in a currency.
    pub fn of_proposal(&self, currency: Currency, proposal: usize) -> Sum {
        let number = u16::try_from(proposal).unwrap_or(u16::MAX);
        self.sums.get(&(currency, number)).copied().unwrap_or_default()
    }
}
