<?php
// What a web server in front of WordPress does: files as they are, everything else to index.php.
$path = urldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$upload = getenv('KOSHIKI_SITE') . $path;
if (str_starts_with($path, '/wp-content/uploads/') && !str_contains($path, '..') && is_file($upload)) {
    header('Content-Type: ' . mime_content_type($upload));
    readfile($upload);
    return true;
}
if ($path !== '/' && file_exists($_SERVER['DOCUMENT_ROOT'] . $path)) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
