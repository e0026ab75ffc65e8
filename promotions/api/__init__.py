"""The storefront's API of promotions. Views translate: they parse, call one service and answer."""
