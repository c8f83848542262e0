//! Products and their SKUs: which SKU of one product is called as one of another, for changes that name a SKU alone.

use crate::ids::ItemId;

/// Every product and SKU that the inputs name: by the id of the pair the numbers of the product and of the SKU, which are ranked
/// as the ids are.
#[derive(Clone, Debug, Default)]
pub struct Items(Vec<(u32, u32)>);

impl Items {
    /// The pairs in the order of their ids.
    pub fn new(pairs: Vec<(u32, u32)>) -> Items {
        Items(pairs)
    }

    /// The SKU of one product that is called like an item's; `None` where the inputs know of none.
    pub fn sku_of(&self, product_of: ItemId, like: ItemId) -> Option<ItemId> {
        let (product, sku) = (self.0.get(product_of.rank())?.0, self.0.get(like.rank())?.1);
        self.0.binary_search(&(product, sku)).ok().map(ItemId::of_rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_found_in_another_product() {
        let items = Items::new(vec![(0, 0), (0, 2), (1, 0), (1, 1)]);
        let item = ItemId::of_rank;
        assert_eq!(items.sku_of(item(3), item(0)), Some(item(2)));
        assert_eq!(items.sku_of(item(1), item(0)), Some(item(0)));
        assert_eq!(items.sku_of(item(0), item(3)), None);
    }
}
