"""WooCommerce, the shop of WordPress, through its REST API v3. What is read and written, and the traps: docs/platforms/woocommerce.md."""
