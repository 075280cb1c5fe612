<?php
// What a site's own people do: `do.php WORDPRESS WHAT ARGUMENT …`. Answers on one line.
[, $wordpress, $what] = $argv;
$given = array_slice($argv, 3);
if ($what === 'install') {
    define('WP_INSTALLING', true);
}
require "$wordpress/wp-load.php";

$acts = [
    'install' => function ($title) {
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        wp_install($title, 'admin', 'admin@example.jp', true, '', wp_generate_password());
        update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
        update_option('timezone_string', 'Asia/Tokyo');
        update_option('blogdescription', '市役所からのお知らせ');
        update_option('comment_previously_approved', 0);
        foreach (['防災', 'くらし'] as $name) {
            wp_insert_term($name, 'category');
        }
        wp_delete_post(1, true);
    },
    'person' => function ($name, $role) {
        $id = wp_insert_user(['user_login' => $name, 'user_pass' => wp_generate_password(), 'role' => $role,
                              'user_email' => "$name@example.jp", 'display_name' => $name]);
        return WP_Application_Passwords::create_new_application_password($id, ['name' => 'koshiki'])[0];
    },
    'revoke' => function ($name) {
        WP_Application_Passwords::delete_all_application_passwords(get_user_by('login', $name)->ID);
    },
    'option' => fn ($name, $value) => update_option($name, $value),
    'drafts' => fn () => count(get_posts(['post_status' => 'draft', 'numberposts' => -1])),
    'pictures' => fn () => count(get_posts(['post_type' => 'attachment', 'numberposts' => -1])),
    'trash' => fn ($id) => (bool) wp_trash_post((int) $id),
    'spam' => fn ($id) => wp_spam_comment($id),
    'status' => fn ($id) => wp_get_comment_status($id),
    'comments' => fn () => array_map(
        fn ($one) => ['id' => $one->comment_ID, 'text' => $one->comment_content, 'parent' => $one->comment_parent],
        get_comments(['status' => 'approve', 'order' => 'ASC'])),
];
echo json_encode($acts[$what](...$given)), "\n";
