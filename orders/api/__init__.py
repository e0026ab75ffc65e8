"""The storefront's API of orders. Views translate: they parse, call one service and answer."""
