<?php
// A site of the tests: everything that is its own lies in its folder, WordPress itself in the cache folder.
$site = getenv('KOSHIKI_SITE');
define('DB_NAME', 'wordpress');
define('DB_USER', '');
define('DB_PASSWORD', '');
define('DB_HOST', '');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('DB_DIR', $site);
define('DB_FILE', 'site.sqlite');
$table_prefix = 'wp_';

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", 'only for tests');
    define("{$name}_SALT", 'only for tests');
}
define('WP_HOME', getenv('KOSHIKI_SITE_URL'));
define('WP_SITEURL', WP_HOME);
define('WP_CONTENT_DIR', "$site/wp-content");
define('WP_CONTENT_URL', WP_HOME . '/wp-content');
define('WP_ENVIRONMENT_TYPE', 'local');  // application passwords without https
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_DEBUG', false);

require_once ABSPATH . 'wp-settings.php';
